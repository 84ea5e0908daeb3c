import { expect, test } from 'vitest'
import { formatDuration, formatMeasured } from './durations.ts'

test('a duration is told in at most two units', () => {
  const durations = [0, 0.4, 7.25, 850, 999.7, 1250, 59_400, 59_900, 200_000, 7_500_000, 86_400_000, 273_600_000]
  expect(durations.map(formatDuration)).toEqual([
    '0 ms',
    '< 1 ms',
    '7.25 ms',
    '850 ms',
    '1 s',
    '1.25 s',
    '59.4 s',
    '1 min',
    '3 min 20 s',
    '2 h 5 min',
    '1 d',
    '3 d 4 h',
  ])
})

test('a unit is never full', () => {
  expect([3_599_700, 86_399_000, 119_600].map(formatDuration)).toEqual(['1 h', '1 d', '2 min'])
})

test('what was not measured is no zero', () => {
  expect([null, undefined, 0].map(formatMeasured)).toEqual(['–', '–', '0 ms'])
})
