import { makeToken, type Right } from '@rollcall/runtime'

export type TestToken = ReturnType<typeof makeToken>

/** A token with its entry; where no domains are named: for all of them. */
export const tokenFor = (name: string, rights: readonly Right[], domains: '*' | readonly string[] = '*'): TestToken =>
  makeToken({ name, rights, domains: domains as '*' })

/** The value of TOKENS. */
export const tokensOf = (...tokens: readonly TestToken[]): string => JSON.stringify(tokens.map(({ entry }) => entry))

export const bearer = ({ token }: { readonly token: string }) => ({ authorization: `Bearer ${token}` })
