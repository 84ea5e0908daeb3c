import { type Ask, askAt, auditLogAt, logInAt, ownPage } from './ops-api.ts'
import { rollcallOfFile, twoDomains } from './rollcall.ts'
import { bearer, tokenFor, tokensOf } from './tokens.ts'

// Who is there in tests of who may do what.

export const viewer = tokenFor('victor', ['view'])
export const operator = tokenFor('olga', ['view', 'operate'])
export const actor = tokenFor('actor', ['operate'])
export const app = tokenFor('app', ['notify', 'read'])
export const ofOne = tokenFor('one-domain', ['view', 'operate'], ['one.example'])

/** TOKENS with all of them. */
export const TOKENS = tokensOf(viewer, operator, actor, app, ofOne)

/** An api of two domains that knows all of them, for the tests of a file, and how it is asked. */
export async function rollcallOfCast() {
  const found = await rollcallOfFile({ workers: 0, env: { TOKENS }, file: twoDomains('two.example') })
  const { url } = found.rollcall.api
  return {
    ...found,
    ask: (path: string, options?: Ask) => askAt(url, path, options),
    own: (at = url) => ownPage(at),
    logIn: (token: { token: string }, at = url) => logInAt(at, token),
    auditLog: () => auditLogAt(url, bearer(operator)),
  }
}
