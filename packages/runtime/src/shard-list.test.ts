import { expect, test } from 'vitest'
import { shardList } from './shard-list.ts'

test.each([
  [[], ''],
  [[3], '3'],
  [[0, 1], '0-1'],
  [[0, 1, 2, 3, 7], '0-3,7'],
  [[1, 3, 5, 6], '1,3,5-6'],
])('%j is written %s', (shards, text) => {
  expect(shardList(shards)).toBe(text)
})
