import { tokenFor, tokensOf } from './tokens.ts'

// Who is there in tests of who may do what.

export const viewer = tokenFor('victor', ['view'])
export const operator = tokenFor('olga', ['view', 'operate'])
export const actor = tokenFor('actor', ['operate'])
export const app = tokenFor('app', ['notify', 'read'])
export const ofOne = tokenFor('one-domain', ['view', 'operate'], ['one.example'])

/** TOKENS with all of them. */
export const TOKENS = tokensOf(viewer, operator, actor, app, ofOne)
