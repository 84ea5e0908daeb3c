import { expect, test } from 'vitest'
import { summaryOf, tableRows } from './time-chart-text.ts'

const inMs = (value: number) => `${value} ms`

test('the table of a long chart is short, and begins with the newest', () => {
  const rows = tableRows(360)
  expect(rows.length).toBeLessThanOrEqual(60)
  expect(rows[0]).toBe(359)
  expect(tableRows(3)).toEqual([2, 1, 0])
  expect(tableRows(0)).toEqual([])
})

test('each line is summed up by its end and its extremes', () => {
  expect(summaryOf([{ name: 'p95', values: [120, null, 90, 180, null] }], inMs)).toBe(
    'p95: 180 ms at the end, from 90 ms to 180 ms.',
  )
})

test('a line without values says so', () => {
  expect(summaryOf([{ name: 'p95', values: [null, null] }], inMs)).toBe('p95: nothing was measured.')
})
