import { expect, test } from 'vitest'
import { loneValues } from './lone-values.ts'

test('a value stands alone between gaps, at the beginning and at the end', () => {
  expect(loneValues([1, null, 2, null, 3, 4, null, 0])).toEqual([0, 2, 7])
  expect(loneValues([null, 5])).toEqual([1])
  expect(loneValues([])).toEqual([])
})
