import { type Config, mayUse, tokenRegistry } from '@rollcall/runtime'

/** Why Rollcall would refuse the example, which has to tell of changes and to read rosters. */
export function exampleTokenDoubts(token: string | undefined, { tokens, defaultDomain }: Config): string[] {
  if (tokens.length === 0) return []
  if (token === undefined) {
    return [`There are TOKENS and no ROLLCALL_TOKEN, so Rollcall will refuse the example (401). ${MAKE_TOKEN}`]
  }
  const who = tokenRegistry(tokens).authenticate(`Bearer ${token}`)
  if (who.kind !== 'ok') {
    return [`ROLLCALL_TOKEN is none of TOKENS, so Rollcall will refuse the example (401). ${MAKE_TOKEN}`]
  }
  const missing = (['notify', 'read'] as const).filter((right) => !mayUse(who.token, right, defaultDomain))
  if (missing.length === 0) return []
  return [
    `The token of ROLLCALL_TOKEN ("${who.token.name}") may not ${missing.join(' and ')} for ${defaultDomain}, so Rollcall will refuse the example (403).`,
  ]
}

const MAKE_TOKEN =
  'Put a token with the rights notify and read there (environment or .env); npm run token -- --name contacts-app --rights notify,read  makes one.'
