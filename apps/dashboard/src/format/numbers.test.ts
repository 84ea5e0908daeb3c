import { describe, expect, test } from 'vitest'
import { formatCount, formatCountOf, formatRate, formatShare, formatShort } from './numbers.ts'

describe('numbers', () => {
  test('a count has its thousands apart', () => {
    expect([0, 999, 1234, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,234', '1,234,567'])
  })

  test('a short count is exact as long as there is room', () => {
    expect([9999, 12_345, 1_234_567].map(formatShort)).toEqual(['9,999', '12.3K', '1.23M'])
  })

  test('a rate has as many digits as one can make use of', () => {
    expect([0, 0.05, 0.123, 12.34, 123.4, 12_345].map(formatRate)).toEqual([
      '0/s',
      '0.05/s',
      '0.12/s',
      '12.3/s',
      '123/s',
      '12,345/s',
    ])
  })

  test('a small share is not none, and nearly all is not all', () => {
    expect([0, 0.0004, 0.123, 0.9999, 1].map(formatShare)).toEqual(['0 %', '< 0.1 %', '12.3 %', '> 99.9 %', '100 %'])
  })

  test('one is not many', () => {
    expect([0, 1, 2000].map((count) => formatCountOf(count, 'user'))).toEqual(['0 users', '1 user', '2,000 users'])
    expect(formatCountOf(2, 'refresh', 'refreshes')).toBe('2 refreshes')
  })
})
