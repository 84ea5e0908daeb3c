import { describe, expect, test } from 'vitest'
import type { SendOptions } from '../support/http.ts'
import { rollcallOfFile, twoDomains } from '../support/rollcall.ts'
import { bearer, tokenFor, tokensOf } from '../support/tokens.ts'

const app = tokenFor('app', ['notify'])
const appNext = tokenFor('app-next', ['notify'])
const prosody = tokenFor('prosody', ['read'])
const viewer = tokenFor('viewer', ['view'])
const both = tokenFor('both', ['notify', 'read'])
const ofOne = tokenFor('one-domain', ['notify', 'read'], ['one.example'])
const stranger = tokenFor('stranger', ['notify', 'read', 'operate', 'view'])

const { backend, rollcall } = await rollcallOfFile({
  env: { TOKENS: tokensOf(app, appNext, prosody, viewer, both, ofOne) },
  file: twoDomains('two.example'),
})

const basic = ({ token }: { token: string }, user = 'x') => ({
  authorization: `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`,
})

type Endpoint = readonly [path: string, options?: SendOptions]
const NOTIFY: Endpoint = ['/roster_admin/refresh', { method: 'POST', body: '["john"]' }]
const NOTIFY_ONE: Endpoint = ['/roster_admin/refresh/john']
const CONTACTS: Endpoint = ['/contacts/john']
const V1: Endpoint = ['/v1/rosters/john']
const ALL = [NOTIFY, NOTIFY_ONE, CONTACTS, V1]

const ask = ([path, options]: Endpoint, headers: Record<string, string>) => rollcall.send(path, { ...options, headers })

describe('a token may do what it has the right to, and nothing else', () => {
  test.each<[rights: string, what: string, status: number, token: { token: string }, endpoint: Endpoint]>([
    ['notify', 'refresh users', 200, app, NOTIFY],
    ['notify', 'refresh one user', 200, app, NOTIFY_ONE],
    ['notify', 'read contacts', 403, app, CONTACTS],
    ['notify', 'read v1', 403, app, V1],
    ['read', 'refresh users', 403, prosody, NOTIFY],
    ['read', 'refresh one user', 403, prosody, NOTIFY_ONE],
    ['read', 'read contacts', 200, prosody, CONTACTS],
    ['read', 'read v1', 200, prosody, V1],
    ['view', 'refresh users', 403, viewer, NOTIFY],
    ['view', 'read contacts', 403, viewer, CONTACTS],
    ['notify and read', 'refresh users', 200, both, NOTIFY],
    ['notify and read', 'read contacts', 200, both, CONTACTS],
  ])('%s: %s is a %i', async (_rights, _what, status, token, endpoint) => {
    const answer = await ask(endpoint, bearer(token))
    expect(answer.status).toBe(status)
    if (status === 403)
      expect(answer.text).toMatch(/The token \\"[a-z-]+\\" has no right to (notify|read) for two\.example/)
  })

  test('whoever may notify, view or operate may look how a refresh goes; whoever may only read may not', async () => {
    const { refresh } = (await ask(NOTIFY, bearer(app))).json<{ refresh: string }>()
    const look = (token: { token: string }) => ask([`/v1/refreshes/${refresh}`], bearer(token))
    expect((await look(app)).json()).toMatchObject({ caller: 'app' })
    expect((await look(viewer)).status).toBe(200)
    expect((await look(prosody)).status).toBe(403)
    expect((await look(ofOne)).status).toBe(403)
  })
})

describe('a token for one domain', () => {
  const at = (endpoint: Endpoint, host: string) => ask(endpoint, { ...bearer(ofOne), host })

  test('does what it may for that domain', async () => {
    for (const endpoint of ALL) expect((await at(endpoint, 'one.example')).status).toBe(200)
  })

  test('and not for another', async () => {
    for (const endpoint of ALL) expect((await at(endpoint, 'two.example')).status).toBe(403)
    expect((await at(['/contacts/john@two.example'], 'one.example')).status).toBe(403)
    const mixed: Endpoint = ['/roster_admin/refresh', { method: 'POST', body: '["john","mary@two.example"]' }]
    expect((await at(mixed, 'one.example')).status).toBe(403)
    expect(backend.requests.map(({ username }) => username)).not.toContain('mary')
  })

  test('may name the users with their domain, whatever the Host', async () => {
    expect((await at(['/contacts/john@one.example'], 'localhost')).status).toBe(200)
    const named: Endpoint = ['/roster_admin/refresh', { method: 'POST', body: '["john@one.example"]' }]
    const answer = await at(named, 'localhost')
    expect(answer.status).toBe(200)
    const { refresh } = answer.json<{ refresh: string }>()
    expect((await at([`/v1/refreshes/${refresh}`], 'localhost')).status).toBe(200)
  })
})

describe('a token comes', () => {
  test.each<[what: string, headers: Record<string, string>]>([
    ['as Bearer', bearer(both)],
    ['as bearer in lower case', { authorization: `bearer ${both.token}` }],
    ['as the password of Basic', basic(both)],
    ['as the password of Basic without a name', basic(both, '')],
  ])('%s', async (_what, headers) => {
    for (const endpoint of ALL) expect((await ask(endpoint, headers)).status).toBe(200)
  })

  test('as Prosody sends it: in the URL', async () => {
    const { host } = new URL(rollcall.api.url)
    const { hostname, port, pathname, username, password } = new URL(`http://x:${prosody.token}@${host}/contacts/john`)
    const headers = basic({ token: decodeURIComponent(password) }, username)
    const response = await fetch(`http://${hostname}:${port}${pathname}`, { headers })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ 'contact0@example.org': {} })
  })
})

test('two tokens of one holder live side by side, so that one can take the place of the other', async () => {
  for (const token of [app, appNext]) expect((await ask(NOTIFY, bearer(token))).status).toBe(200)
})

describe('no token, or one that is not known, is refused before anything else is looked at', () => {
  const wrong: [what: string, headers: Record<string, string>][] = [
    ['none', {}],
    ['one that is not configured', bearer(stranger)],
    ['one with another end', bearer({ token: `${app.token.slice(0, -1)}${app.token.endsWith('A') ? 'B' : 'A'}` })],
    ['the hash of one', bearer({ token: app.entry.sha256 })],
    ['an empty one', { authorization: 'Bearer ' }],
    ['an empty password', basic({ token: '' })],
    ['another scheme', { authorization: `Digest ${app.token}` }],
    ['a long one', bearer({ token: 'x'.repeat(8000) })],
  ]

  test.each(wrong)('%s', async (_what, headers) => {
    for (const endpoint of [...ALL, ['/roster_admin/refresh', { method: 'POST', body: '{' }] as const]) {
      const answer = await ask(endpoint, headers)
      expect(answer.status).toBe(401)
      expect(answer.headers['www-authenticate']).toBe('Bearer, Basic realm="rollcall"')
    }
    expect((await ask(NOTIFY, headers)).json()).toEqual({
      status: 'error',
      message: expect.stringMatching(/token/),
      updated: 0,
      errors: 0,
    })
  })

  test('under /v1 as a problem', async () => {
    for (const path of ['/v1/rosters/john', '/v1/refreshes/00000000-0000-4000-8000-000000000000']) {
      const answer = await rollcall.send(path)
      expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
      expect(answer.json()).toMatchObject({ status: 401, title: 'Token needed' })
    }
  })
})

test('with tokens the Host and the Origin of a request do not matter', async () => {
  const headers = { host: 'rollcall.internal', origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  const answer = await ask(CONTACTS, { ...bearer(prosody), ...headers })
  expect(answer.status).toBe(200)
  expect(answer.headers['access-control-allow-origin']).toBeUndefined()
})

test.each(['/health/live', '/health/ready'])('%s needs no token', async (path) => {
  const answer = await rollcall.send(path)
  expect(answer.status).toBe(200)
  expect(answer.json()).toMatchObject({ status: 'ok' })
})
