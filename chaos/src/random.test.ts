import { expect, test } from 'vitest'
import { random } from './random.ts'

const some = (seed: number) => {
  const { next, between, shuffled } = random(seed)
  return [next(), between(3, 9), shuffled([1, 2, 3, 4, 5])]
}

test('the same seed gives the same, another one something else', () => {
  expect(some(7)).toEqual(some(7))
  expect(some(8)).not.toEqual(some(7))
})

test('numbers stay within their bounds and reach them', () => {
  const { between } = random(1)
  const seen = new Set(Array.from({ length: 200 }, () => between(3, 5)))
  expect([...seen].sort()).toEqual([3, 4, 5])
})

test('a shuffled list has the same members', () => {
  expect(random(2).shuffled([1, 2, 3, 4]).sort()).toEqual([1, 2, 3, 4])
})
