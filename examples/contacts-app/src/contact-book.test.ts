import { beforeEach, expect, it } from 'vitest'
import { type ContactBook, contactBook } from './contact-book.ts'

const people = ['aaron', 'john', 'mary'].map((username) => ({ username, name: username.toUpperCase() }))
let book: ContactBook

beforeEach(() => {
  book = contactBook({ people, friendships: [{ a: 'john', b: 'mary', groups: ['Family'] }] }, 'example.org')
})

it('gives a roster keyed by JID, sorted', () => {
  book.befriend('john', 'aaron')
  expect(JSON.stringify(book.rosterOf('john'))).toBe(
    '{"aaron@example.org":{"name":"AARON","groups":["Friends"],"subscription":"both"},' +
      '"mary@example.org":{"name":"MARY","groups":["Family"],"subscription":"both"}}',
  )
})

it('befriends both sides, and says when nothing changed', () => {
  expect(book.befriend('john', 'aaron')).toBe(true)
  expect(book.befriend('aaron', 'john')).toBe(false)
  expect([book.friendsOf('john'), book.friendsOf('aaron')]).toEqual([['aaron', 'mary'], ['john']])
  expect(book.friendshipCount()).toBe(2)
})

it('keeps the group of friends unless another is asked for', () => {
  expect(book.befriend('john', 'mary')).toBe(false)
  expect(book.befriend('mary', 'john', 'Work')).toBe(true)
  expect(book.befriend('john', 'mary', 'Work')).toBe(false)
  expect(book.rosterOf('john')).toMatchObject({ 'mary@example.org': { groups: ['Work'] } })
})

it('unfriends both sides, and says when nothing changed', () => {
  expect(book.unfriend('mary', 'john')).toBe(true)
  expect(book.unfriend('mary', 'john')).toBe(false)
  expect([book.rosterOf('john'), book.rosterOf('mary')]).toEqual([{}, {}])
})

it('renames a user in the rosters of friends', () => {
  expect(book.rename('mary', 'Mary Poppins')).toBe(true)
  expect(book.rename('mary', 'Mary Poppins')).toBe(false)
  expect(book.rosterOf('john')).toMatchObject({ 'mary@example.org': { name: 'Mary Poppins' } })
})

it('knows nobody by the names of object properties', () => {
  expect(['__proto__', 'constructor', 'toString'].filter(book.has)).toEqual([])
})
