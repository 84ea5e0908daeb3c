import { expect, test } from 'vitest'
import { formatAbsolute, formatRelative } from './times.ts'

const NOW = Date.parse('2026-11-25T12:00:00Z')

test('a relative time is told in one unit, before and after', () => {
  const times = ['12:00:01', '11:59:48', '11:57:10', '09:30:00', '12:03:10'].map((time) => `2026-11-25T${time}Z`)
  expect(times.map((at) => formatRelative(at, NOW))).toEqual([
    'now',
    '12 sec. ago',
    '2 min. ago',
    '2 hr. ago',
    'in 3 min.',
  ])
  expect(formatRelative('2026-11-20T12:00:00Z', NOW)).toBe('5 days ago')
})

test('59.7 seconds are a minute, and not 60 seconds', () => {
  expect(formatRelative(NOW - 59_400, NOW)).toBe('59 sec. ago')
  expect(formatRelative(NOW - 59_700, NOW)).toBe('1 min. ago')
  expect(formatRelative(NOW + 59_700, NOW)).toBe('in 1 min.')
})

test('an absolute time has its seconds and its zone', () => {
  expect(formatAbsolute('2026-11-25T20:37:18Z')).toMatch(/2[456] Nov 2026.*:37:18 \S+/)
})
