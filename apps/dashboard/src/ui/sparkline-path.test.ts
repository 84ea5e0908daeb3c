import { expect, test } from 'vitest'
import { sparklinePath } from './sparkline-path.ts'

test('the largest value is at the top, none at the bottom', () => {
  expect(sparklinePath([0, 5, 10], 100, 20)).toBe('M0 20L50 10L100 0')
})

test('where nothing was measured there is a gap, and a value without neighbours is a dot', () => {
  expect(sparklinePath([4, null, 4, 2], 90, 20)).toBe('M0 0h0M60 0L90 10')
  expect(sparklinePath([null, null, 4], 90, 20)).toBe('M90 0h0')
})

test('what has always been nothing is a line at the bottom, and no times are no line', () => {
  expect(sparklinePath([0, 0], 100, 20)).toBe('M0 20L100 20')
  expect(sparklinePath([], 100, 20)).toBe('')
})
