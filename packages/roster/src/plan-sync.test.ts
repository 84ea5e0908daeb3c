import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BareJid } from './bare-jid.ts'
import { type Contact, type Roster, SUBSCRIPTIONS, sortedGroups } from './contact.ts'
import { isEmptyPlan, type Ownership, planSync } from './plan-sync.ts'

const contact = fc.record(
  {
    jid: fc.constantFrom(...['a', 'b', 'c', 'd', 'e'].map((name) => `${name}@example.org` as BareJid)),
    name: fc.constantFrom('', 'Ann', 'Bob'),
    groups: fc.subarray(['Friends', 'Mine', 'Team']).map(sortedGroups),
    subscription: fc.constantFrom(...SUBSCRIPTIONS),
    ask: fc.constant('subscribe' as const),
    approved: fc.boolean(),
  },
  { requiredKeys: ['jid', 'groups', 'subscription'] },
)
const rosters = fc.array(contact, { maxLength: 6 }).map((contacts) => rosterOf(...(contacts as Contact[])))

const rosterOf = (...contacts: Contact[]): Roster => new Map(contacts.map((each) => [each.jid, each]))

const ALL: Ownership = { kind: 'all' }
const TEAM: Ownership = { kind: 'marked', groups: new Set(['Team', 'Staff']) }

/** What a server holds after a plan was carried out. */
function carriedOut(desired: Roster, actual: Roster, ownership: Ownership): Roster {
  const { puts, removes } = planSync(desired, actual, ownership)
  const after = new Map(actual)
  for (const jid of removes) after.delete(jid)
  for (const put of puts) after.set(put.jid, put)
  return after
}

const asItems = (roster: Roster) =>
  [...roster.values()]
    .map(({ jid, name = '', groups, subscription }) => ({ jid, name, groups, subscription }))
    .sort((a, b) => (a.jid < b.jid ? -1 : 1))

const marked = ({ groups }: Contact) => groups.includes('Team')

describe('planSync', () => {
  test('all: the server then holds the desired roster', () => {
    fc.assert(
      fc.property(rosters, rosters, (desired, actual) => {
        expect(asItems(carriedOut(desired, actual, ALL))).toEqual(asItems(desired))
      }),
    )
  })

  test('marked: what carries no mark stays as it was, what carries one is as desired', () => {
    fc.assert(
      fc.property(rosters, rosters, (desired, actual) => {
        const after = carriedOut(desired, actual, TEAM)
        const own = [...actual.values()].filter((each) => !marked(each))
        for (const each of own) expect(after.get(each.jid)).toEqual(each)
        const ownJids = new Set(own.map(({ jid }) => jid))
        const wanted = [...desired.values()].filter((each) => marked(each) && !ownJids.has(each.jid))
        expect(asItems(rosterOf(...[...after.values()].filter(marked)))).toEqual(asItems(rosterOf(...wanted)))
      }),
    )
  })

  test('done once, there is nothing left to do', () => {
    fc.assert(
      fc.property(rosters, rosters, fc.constantFrom(ALL, TEAM), (desired, actual, ownership) => {
        expect(isEmptyPlan(planSync(desired, carriedOut(desired, actual, ownership), ownership))).toBe(true)
      }),
    )
  })

  test('only what differs is written: of 1,000 contacts with one renamed, one', () => {
    const contacts = Array.from({ length: 1000 }, (_, i): Contact => {
      return { jid: `user${i}@example.org` as BareJid, name: `User ${i}`, groups: ['Friends'], subscription: 'both' }
    })
    const renamed = { ...contacts[500], name: 'Somebody else' } as Contact
    const desired = new Map(rosterOf(...contacts)).set(renamed.jid, renamed)
    const { puts, removes } = planSync(desired, rosterOf(...contacts), ALL)
    expect({ puts, removes }).toEqual({ puts: [renamed], removes: [] })
  })

  test('what XML makes of line breaks and tabs is no difference', () => {
    const ann = 'ann@example.org' as BareJid
    const given: Contact = { jid: ann, name: 'Ann\r\nof\tOrg', groups: ['A\rB'], subscription: 'both' }
    const arrived: Contact = { jid: ann, name: 'Ann of Org', groups: ['A\nB'], subscription: 'both' }
    expect(isEmptyPlan(planSync(rosterOf(given), rosterOf(arrived), ALL))).toBe(true)
    const other: Contact = { ...arrived, groups: ['A B'] }
    expect(planSync(rosterOf(given), rosterOf(other), ALL).puts).toEqual([given])
  })

  test('says which contacts of the backend stay away, and why', () => {
    const [ann, bob] = ['ann', 'bob'].map((name) => `${name}@example.org` as BareJid) as [BareJid, BareJid]
    const desired = rosterOf(
      { jid: ann, groups: ['Friends'], subscription: 'both' },
      { jid: bob, groups: ['Staff'], subscription: 'both' },
    )
    const actual = rosterOf({ jid: bob, groups: ['Mine'], subscription: 'to' })
    expect(planSync(desired, actual, TEAM)).toEqual({ puts: [], removes: [], unmarked: [ann], own: [bob] })
  })
})
