import { OpsRefresh, OpsRefreshPage, OpsRefreshUsers } from '@rollcall/roster'
import { rollcallOfFile, twoDomains } from './rollcall.ts'
import { bearer, type TestToken, tokenFor, tokensOf } from './tokens.ts'

export const app = tokenFor('app', ['notify', 'read'])
export const crm = tokenFor('crm', ['notify'], ['two.example'])
export const anybody = tokenFor('on-call', ['view', 'operate'])
export const ofOne = tokenFor('of-one', ['view', 'operate'], ['one.example'])

/** A Rollcall of two domains and two shards for the tests of a file, which look at refreshes in the dashboard and act on them. */
export async function opsRefreshesOfFile() {
  const { backend, rollcall, redis } = await rollcallOfFile({
    env: {
      TOKENS: tokensOf(app, crm, anybody, ofOne),
      SHARDS: '2',
      JOB_ATTEMPTS: '1',
      BREAKER_FAILURES: '10000',
      REFRESH_DEADLINE_MS: '2000',
    },
    file: twoDomains('one.example'),
  })
  const ask = (path: string, token: TestToken = anybody, method = 'GET', body?: unknown) =>
    rollcall.send(`/ops/api${path}`, {
      method,
      headers: { ...bearer(token), 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  const list = async (query = '', token = anybody) =>
    OpsRefreshPage.parse((await ask(`/refreshes${query}`, token)).json())
  return {
    backend,
    rollcall,
    redis,
    /** Asks for users; the id of that refresh. */
    async refresh(names: readonly string[], token = app, host = 'one.example'): Promise<string> {
      const answer = await rollcall.send('/roster_admin/refresh', {
        method: 'POST',
        headers: { ...bearer(token), host },
        body: JSON.stringify(names),
      })
      return String(answer.json().refresh)
    },
    ask,
    list,
    idsOf: async (query = '', token = anybody) => (await list(query, token)).refreshes.map(({ id }) => id),
    one: async (id: string) => OpsRefresh.parse((await ask(`/refreshes/${id}`)).json()),
    usersOf: async (id: string, query = '') =>
      OpsRefreshUsers.parse((await ask(`/refreshes/${id}/users${query}`)).json()),
  }
}
