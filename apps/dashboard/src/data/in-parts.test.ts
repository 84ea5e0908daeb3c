import { expect, test } from 'vitest'
import { inParts, type PartsProgress } from './in-parts.ts'

test('what takes many calls is called until none is left, and says how far it has come', async () => {
  const parts = [
    { done: 20, left: 25 },
    { done: 20, left: 5 },
    { done: 5, left: 0 },
  ]
  const told: PartsProgress[] = []
  const done = await inParts(
    async () => parts.shift() ?? { done: 0, left: 0 },
    (part) => told.push(part),
    new AbortController().signal,
  )
  expect(done).toBe(45)
  expect(told).toEqual([
    { done: 20, left: 25 },
    { done: 40, left: 5 },
    { done: 45, left: 0 },
  ])
})

test('it ends when nothing gets done', async () => {
  const all = inParts(
    async () => ({ done: 0, left: 7 }),
    () => {},
    new AbortController().signal,
  )
  await expect(all).rejects.toThrow('7 are left')
})

test('whoever ends it does not wait for the rest', async () => {
  const ending = new AbortController()
  const done = await inParts(
    async () => ({ done: 1, left: 9 }),
    () => ending.abort(),
    ending.signal,
  )
  expect(done).toBe(1)
})
