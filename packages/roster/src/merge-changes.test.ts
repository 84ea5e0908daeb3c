import { expect, test } from 'vitest'
import { roster } from '../test/arbitraries.ts'
import { forAll } from '../test/for-all.ts'
import type { BareJid } from './bare-jid.ts'
import type { Contact, Roster } from './contact.ts'
import { applyDiff, diffRosters, type RosterDiff } from './diff-rosters.ts'
import { mergeChanges } from './merge-changes.ts'

const asDiff = ({ added, updated, removed }: NonNullable<ReturnType<typeof mergeChanges>>): RosterDiff => ({
  added: added as readonly Contact[],
  updated: updated as readonly Contact[],
  removed,
})

test('two changes in one lead to the roster that both lead to', () => {
  forAll([roster, roster, roster], (first, second, third) => {
    const merged = mergeChanges(diffRosters(first, second), diffRosters(second, third))
    expect(merged && applyDiff(first, asDiff(merged))).toEqual(third)
  })
})

test('tells of added and removed contacts as if there had been one change', () => {
  forAll([roster, roster, roster], (first, second, third) => {
    const merged = mergeChanges(diffRosters(first, second), diffRosters(second, third))
    const whole = diffRosters(first, third)
    expect(merged?.added.map(({ jid }) => jid).sort()).toEqual(whole.added.map(({ jid }) => jid).sort())
    expect(merged?.removed.toSorted()).toEqual(whole.removed.toSorted())
  })
})

const ann: Contact = { jid: 'ann@example.org' as BareJid, groups: [], subscription: 'both' }
const rosterOf = (...contacts: Contact[]): Roster => new Map(contacts.map((contact) => [contact.jid, contact]))

test('of a contact who came and went again nothing is told', () => {
  const came = diffRosters(rosterOf(), rosterOf(ann))
  const went = diffRosters(rosterOf(ann), rosterOf())
  expect(mergeChanges(came, went)).toEqual({ added: [], updated: [], removed: [] })
  expect(mergeChanges(went, came)).toEqual({ added: [], updated: [ann], removed: [] })
})

test('a contact who came and was renamed has come with the new name', () => {
  const renamed = { ...ann, name: 'Ann' }
  const came = diffRosters(rosterOf(), rosterOf(ann))
  const changed = diffRosters(rosterOf(ann), rosterOf(renamed))
  expect(mergeChanges(came, changed)).toEqual({ added: [renamed], updated: [], removed: [] })
  const went = diffRosters(rosterOf(renamed), rosterOf())
  expect(mergeChanges(changed, went)).toEqual({ added: [], updated: [], removed: [ann.jid] })
  expect(mergeChanges(changed, diffRosters(rosterOf(renamed), rosterOf(ann)))?.updated).toEqual([ann])
})

test('with a change that is not known the whole is not known', () => {
  const came = diffRosters(rosterOf(), rosterOf(ann))
  expect([mergeChanges(null, came), mergeChanges(came, null)]).toEqual([null, null])
})
