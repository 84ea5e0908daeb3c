import { expect, test } from 'vitest'
import { prefix } from './prefix.ts'

test('goes on as far as everything has ended, in whatever order', () => {
  const ids = prefix<number>()
  for (const id of [1, 2, 3]) ids.take(id)
  expect(ids.end(2)).toBe(undefined)
  expect([ids.first(), ids.waiting(), ids.size()]).toEqual([1, 2, 3])
  expect(ids.end(1)).toBe(2)
  expect(ids.end(7)).toBe(undefined)
  expect(ids.end(3)).toBe(3)
  expect([ids.first(), ids.waiting(), ids.size()]).toEqual([undefined, 0, 0])
})

test('what is taken once more has not ended', () => {
  const ids = prefix<number>()
  for (const id of [1, 2]) ids.take(id)
  ids.end(2)
  ids.take(2)
  expect(ids.waiting()).toBe(2)
  expect(ids.end(1)).toBe(1)
  expect(ids.end(2)).toBe(2)
})
