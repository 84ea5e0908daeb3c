import { describe, expect, it } from 'vitest'
import { roster } from '../test/arbitraries.ts'
import { forAll } from '../test/for-all.ts'
import type { BareJid } from './bare-jid.ts'
import type { Contact, Roster } from './contact.ts'
import { applyDiff, diffRosters, isEmptyDiff } from './diff-rosters.ts'

const marie: Contact = { jid: 'marie@example.com' as BareJid, name: 'Marie', groups: ['Friends'], subscription: 'both' }
const michael: Contact = { jid: 'michael@example.com' as BareJid, groups: [], subscription: 'both' }

const rosterOf = (...contacts: Contact[]): Roster => new Map(contacts.map((contact) => [contact.jid, contact]))

describe('a diff', () => {
  it('has who was added and who was removed', () => {
    expect(diffRosters(rosterOf(marie), rosterOf(michael))).toEqual({
      added: [michael],
      updated: [],
      removed: [marie.jid],
    })
  })

  it.each<[string, Partial<Contact>]>([
    ['a name', { name: 'Mary' }],
    ['a group', { groups: ['Work'] }],
    ['one more group', { groups: ['Friends', 'Work'] }],
    ['the subscription', { subscription: 'to' }],
    ['ask', { ask: 'subscribe' }],
    ['approved', { approved: true }],
  ])('has a contact with %s changed as an update, not a removal and an addition', (_, change) => {
    const changed = { ...marie, ...change }
    expect(diffRosters(rosterOf(marie, michael), rosterOf(changed, michael))).toEqual({
      added: [],
      updated: [changed],
      removed: [],
    })
  })

  it('of equal rosters is empty', () => {
    forAll([roster], (some) => {
      expect(isEmptyDiff(diffRosters(some, structuredClone(some)))).toBe(true)
    })
  })

  it.each([
    { added: [marie], updated: [], removed: [] },
    { added: [], updated: [marie], removed: [] },
    { added: [], updated: [], removed: [marie.jid] },
  ])('is not empty as %j', (diff) => expect(isEmptyDiff(diff)).toBe(false))

  it('applied to the roster before gives the roster after', () => {
    forAll(
      [roster, roster],
      (before, after) => {
        expect(applyDiff(before, diffRosters(before, after))).toEqual(after)
      },
      { numRuns: 1000 },
    )
  })

  it('names every contact at most once, and changes neither roster', () => {
    forAll([roster, roster], (before, after) => {
      const copies = structuredClone({ before, after })
      const { added, updated, removed } = diffRosters(before, after)
      const jids = [...added.map(({ jid }) => jid), ...updated.map(({ jid }) => jid), ...removed]
      expect(new Set(jids).size).toBe(jids.length)
      applyDiff(before, { added, updated, removed })
      expect({ before, after }).toEqual(copies)
    })
  })
})
