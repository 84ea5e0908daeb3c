import type { V1Contact } from '@rollcall/roster'
import { expect, test } from 'vitest'
import { differencesOf } from './differences.ts'

const contact = (fields: Partial<V1Contact>): V1Contact => ({
  jid: 'bob@example.org' as V1Contact['jid'],
  groups: [],
  subscription: 'both',
  ...fields,
})

test('a contact that was renamed differs in its name alone', () => {
  expect(differencesOf(contact({ name: 'Bob' }), contact({ name: 'Robert' }))).toEqual([
    { what: 'name', before: 'Bob', after: 'Robert' },
  ])
})

test('all that differs is told, also what was not there', () => {
  const before = contact({ subscription: 'none', ask: 'subscribe' })
  const after = contact({ name: 'Bob', groups: ['Friends', 'Work'] })
  expect(differencesOf(before, after)).toEqual([
    { what: 'name', before: '', after: 'Bob' },
    { what: 'groups', before: '', after: 'Friends, Work' },
    { what: 'subscription', before: 'none, asked', after: 'both' },
  ])
})

test('the same contact does not differ', () => {
  expect(differencesOf(contact({ groups: ['A'] }), contact({ groups: ['A'] }))).toEqual([])
})
