import { expect, test } from 'vitest'
import { z } from 'zod'
import { roster, user } from '../test/arbitraries.ts'
import { forAll } from '../test/for-all.ts'
import { toV1Roster, V1Roster } from './v1-roster.ts'

const fetchedAt = '2026-01-02T03:04:05.678Z'

test('a roster in the form of v1 has its contacts in order, with groups as an array and nothing absent', () => {
  forAll([user, roster], (someone, some) => {
    const v1 = toV1Roster({ user: someone, version: 7, fetchedAt, roster: some })
    const { username, domain } = someone
    expect(v1).toStrictEqual({ username, domain, version: 7, fetchedAt, contacts: expect.any(Array) })
    expect(new Map(v1.contacts.map((contact) => [contact.jid, contact]))).toStrictEqual(some)
    expect(v1.contacts.map(({ jid }) => jid)).toEqual([...some.keys()].sort())
    expect(V1Roster.parse(JSON.parse(JSON.stringify(v1)))).toStrictEqual(v1)
  })
})

test('the schema can be written as JSON Schema', () => {
  expect(z.toJSONSchema(V1Roster)).toMatchObject({
    properties: { username: { type: 'string' }, contacts: { type: 'array' } },
  })
})
