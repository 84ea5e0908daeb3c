import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { roster } from '../test/arbitraries.ts'
import { forAll } from '../test/for-all.ts'
import type { Contact, Roster } from './contact.ts'
import { diffBodies, readContactsBody, toContactsBody, writeContacts } from './contacts-body.ts'
import { diffRosters } from './diff-rosters.ts'
import { parseRoster } from './parse-roster.ts'

function rosterOf(text: string): Roster {
  const result = parseRoster(text, { maxContacts: 100 })
  if (result.kind === 'invalid') throw new Error(result.message)
  return result.roster
}

describe('the contacts body', () => {
  it('is in the form that mod_http_roster_admin reads: groups an object, no nulls, nothing absent', () => {
    const some = rosterOf('{"b@x":{"name":"B","groups":["Friends"],"ask":"subscribe","approved":false},"a@x":{}}')
    expect(toContactsBody(some)).toBe(
      '{"a@x":{"subscription":"both","groups":{}},' +
        '"b@x":{"name":"B","subscription":"both","ask":"subscribe","approved":false,"groups":{"Friends":true}}}',
    )
  })

  it('of an empty roster is an empty object', () => expect(toContactsBody(new Map())).toBe('{}'))

  it('keeps __proto__, integer-like groups and quotes as they are', () => {
    const some = rosterOf('{"__proto__":{"name":"a\\"\\\\\\n"},"a@b":{"groups":["9","10","__proto__"]}}')
    expect(toContactsBody(some)).toBe(
      '{"__proto__":{"name":"a\\"\\\\\\n","subscription":"both","groups":{}},' +
        '"a@b":{"subscription":"both","groups":{"10":true,"9":true,"__proto__":true}}}',
    )
    expect(readContactsBody(toContactsBody(some))).toEqual(some)
  })

  it('is read back as the roster that it was made of', () => {
    forAll([roster], (some) => {
      expect(readContactsBody(toContactsBody(some))).toEqual(some)
    })
  })

  it('can be compared with another one', () => {
    forAll([roster, roster, fc.nat()], (before, other, kept) => {
      const after = new Map([...[...before].filter((_, i) => (kept >> i) % 2 === 0), ...other])
      for (const [a, b] of [
        [before, after],
        [after, before],
        [before, other],
        [before, before],
      ] as const)
        expect(diffBodies(toContactsBody(a), writeContacts(b))).toEqual(diffRosters(inOrder(a), inOrder(b)))
    })
  })

  it('is the same for equal rosters, whatever their order', () => {
    forAll([roster], (some) => {
      const backwards: Roster = new Map([...some].reverse().map(([jid, contact]) => [jid, reversed(contact)]))
      expect(toContactsBody(backwards)).toBe(toContactsBody(some))
    })
  })

  it('differs for rosters that differ', () => {
    forAll([roster, roster], (a, b) => {
      let same = true
      try {
        expect(a).toEqual(b)
      } catch {
        same = false
      }
      expect(toContactsBody(a) === toContactsBody(b)).toBe(same)
    })
  })
})

function reversed(contact: Contact): Contact {
  return Object.fromEntries(Object.entries(contact).reverse()) as unknown as Contact
}

/** Changes are told in the order of the bodies. */
const inOrder = (some: Roster): Roster => readContactsBody(toContactsBody(some))
