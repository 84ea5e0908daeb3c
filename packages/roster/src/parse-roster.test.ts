import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { roster } from '../test/arbitraries.ts'
import { forAll } from '../test/for-all.ts'
import { toContactsBody } from './contacts-body.ts'
import { parseRoster } from './parse-roster.ts'

const limits = { maxContacts: 3 }
const parse = (text: string) => parseRoster(text, limits)

function contactsOf(text: string) {
  const result = parse(text)
  if (result.kind === 'invalid') throw new Error(result.message)
  return [...result.roster.values()]
}

const invalid = (message: RegExp) => ({
  kind: 'invalid',
  code: 'roster-invalid',
  message: expect.stringMatching(message),
})

describe("a backend's answer", () => {
  it('is an object keyed by contact JID', () => {
    const text = `{
      "marie@example.com": { "name": "Marie", "groups": ["Work", "Friends", "Work"], "subscription": "to" },
      "michael@example.com": {},
      "icq.example.com": { "ask": "subscribe", "approved": true, "subscription": "none", "unknown": 1 }
    }`
    expect(contactsOf(text)).toEqual([
      { jid: 'marie@example.com', name: 'Marie', groups: ['Friends', 'Work'], subscription: 'to' },
      { jid: 'michael@example.com', groups: [], subscription: 'both' },
      { jid: 'icq.example.com', groups: [], subscription: 'none', ask: 'subscribe', approved: true },
    ])
  })

  it.each(['{}', '[]'])('%s is an empty roster', (text) => expect(contactsOf(text)).toEqual([]))

  it.each([
    '{}',
    '[]',
    '{"name":null,"groups":null,"subscription":null,"ask":null,"approved":null}',
    '{"name":"","groups":[]}',
  ])('may give a contact as %s, with all the defaults', (contact) =>
    expect(contactsOf(`{"a@b":${contact}}`)).toEqual([{ jid: 'a@b', groups: [], subscription: 'both' }]),
  )

  it.each([
    ['["b","a"]', ['a', 'b']],
    ['{"b":true,"a":false,"10":1,"__proto__":null}', ['10', '__proto__', 'a', 'b']],
    ['["","a"]', ['a']],
    ['{"":true}', []],
    ['[" a","a "]', [' a', 'a ']],
  ])('may give groups as %s', (groups, expected) => {
    expect(contactsOf(`{"a@b":{"groups":${groups}}}`)[0]?.groups).toEqual(expected)
  })

  it('has its JIDs normalised, without their resources', () => {
    expect(contactsOf('{"Marie@Example.COM/phone":{}}').map(({ jid }) => jid)).toEqual(['marie@example.com'])
  })

  it('has __proto__ and friends as ordinary keys', () => {
    const names = ['__proto__@b', '__proto__', 'constructor@b']
    expect(contactsOf(`{"__proto__@b":{},"__proto__":{},"constructor@b":{}}`).map(({ jid }) => jid)).toEqual(names)
  })

  it('takes nothing from a contact that is itself keyed __proto__', () => {
    expect(contactsOf('{"a@b":{"__proto__":{"name":"Mallory","subscription":"none"}}}')).toEqual([
      { jid: 'a@b', groups: [], subscription: 'both' },
    ])
  })

  it('may have as many contacts as allowed, and no more', () => {
    expect(parse('{"a@b":{},"b@b":{},"c@b":{}}').kind).toBe('valid')
    expect(parse('{"a@b":{},"b@b":{},"c@b":{},"d@b":{}}')).toEqual({
      kind: 'invalid',
      code: 'roster-too-large',
      message: 'The roster has 4 contacts, more than the 3 allowed',
    })
  })

  it.each([
    ['null', /^The roster is null, not an object keyed by contact JID$/],
    ['5', /roster is 5/],
    ['true', /roster is true/],
    ['"john"', /roster is "john"/],
    ['[{"jid":"a@b"}]', /roster is an array/],
  ])('is not %s', (text, message) => expect(parse(text)).toEqual(invalid(message)))

  it.each([
    ['null', /it is null, not an object/],
    ['"Friends"', /it is "Friends", not an object/],
    ['["Friends"]', /it is an array, not an object/],
    ['{"name":5}', /"name" is 5, not a string/],
    ['{"name":{}}', /"name" is an object, not a string/],
    ['{"name":"a\\u0000"}', /"name" .* XML cannot carry: "a\\u\{0\}"/],
    ['{"name":"\\ud800"}', /"name" .* XML cannot carry: "\\u\{d800\}"/],
    ['{"name":"\\uffff"}', /"name" .* XML cannot carry/],
    ['{"groups":"Friends"}', /"groups" is "Friends", not an array or an object/],
    ['{"groups":["a",1]}', /a group is 1, not a string/],
    ['{"groups":[null]}', /a group is null, not a string/],
    ['{"groups":["\\u0007"]}', /a group .* XML cannot carry: "\\u\{7\}"/],
    ['{"groups":{"\\udc00":true}}', /a group .* XML cannot carry/],
    ['{"subscription":"remove"}', /"subscription" is "remove", not one of none, to, from, both/],
    ['{"subscription":true}', /"subscription" is true/],
    ['{"ask":"unsubscribe"}', /"ask" is "unsubscribe", not "subscribe"/],
    ['{"ask":false}', /"ask" is false, not "subscribe"/],
    ['{"approved":"yes"}', /"approved" is "yes", not a boolean/],
  ])('with the contact %s is invalid as a whole, and says which', (contact, message) => {
    const result = parse(`{"a@b":{},"marie@example.com":${contact}}`)
    expect(result).toEqual(invalid(message))
    expect(result).toEqual(invalid(/^Contact "marie@example.com": /))
  })

  it('may have tabs and line feeds in names, which XML can carry', () => {
    expect(contactsOf('{"a@b":{"name":"\\t\\n😀"}}')[0]?.name).toBe('\t\n😀')
  })

  it('with a key that is no JID is invalid', () => {
    expect(parse('{"a b@c":{}}')).toEqual(invalid(/^Contact "a b@c": not a JID: in the username, U\+0020/))
    expect(parse('{"":{}}')).toEqual(invalid(/^Contact "": not a JID: the domain is empty$/))
  })

  it('with two keys for one JID is invalid', () => {
    expect(parse('{"a@b":{},"A@B/x":{}}')).toEqual(invalid(/^Contact "A@B\/x": a@b is there twice$/))
  })
})

test('a roster that is served can be fetched again and is the same', () => {
  forAll([roster], (some) => {
    expect(parseRoster(toContactsBody(some), { maxContacts: 10 })).toEqual({
      kind: 'valid',
      roster: some,
    })
  })
})

test('any JSON is either valid or invalid with a message that can be printed', () => {
  forAll([fc.jsonValue()], (json) => {
    const result = parse(JSON.stringify(json))
    if (result.kind === 'invalid') expect(result.message).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
  })
})
