import type { IncomingMessage } from 'node:http'
import type { Domain } from '@rollcall/roster'
import { makeToken, type TokenEntry, tokenRegistry } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { type Gate, gate, refusalToLook } from './gate.ts'

const tokenFor = (name: string, rights: TokenEntry['rights'], domains: TokenEntry['domains'] = '*') =>
  makeToken({ name, rights, domains })
const scraper = tokenFor('scraper', ['view'])
const ofOne = tokenFor('one-domain', ['view'], ['example.org' as Domain])
const app = tokenFor('app', ['notify', 'read'])

const used: string[] = []
const known = { uses: { mark: (id: string) => void used.push(id) }, domains: new Set<string>(), corsOrigins: [] }
const closed = gate({ ...known, tokens: tokenRegistry([scraper, ofOne, app].map(({ entry }) => entry)) })
const open = gate({ ...known, tokens: null })

const refusal = (at: Gate, headers: IncomingMessage['headers']) => refusalToLook(at, { headers } as IncomingMessage)
const bearer = ({ token }: { token: string }) => ({ authorization: `Bearer ${token}` })

test('who may view all domains may look at all that is going on, and nobody else', () => {
  expect(refusal(closed, bearer(scraper))).toBeNull()
  expect(refusal(closed, bearer(ofOne))).toMatchObject({ status: 403, message: expect.stringContaining('all domains') })
  expect(refusal(closed, bearer(app))).toMatchObject({ status: 403 })
  expect(refusal(closed, {})).toMatchObject({ status: 401 })
})

test('without tokens whoever is on this machine may, and no page of elsewhere', () => {
  expect(refusal(open, { host: '127.0.0.1:8080' })).toBeNull()
  expect(refusal(open, { host: '127.0.0.1:8080', origin: 'https://evil.example' })).toMatchObject({ status: 403 })
  expect(refusal(open, { host: 'evil.example' })).toMatchObject({ status: 403 })
})

test('each use of a token is noted, and nothing of one that is not known', () => {
  used.length = 0
  closed({ headers: bearer(app) } as IncomingMessage)
  closed({ headers: bearer(tokenFor('stranger', ['read'])) } as IncomingMessage)
  expect(used).toEqual([app.entry.id])
})
