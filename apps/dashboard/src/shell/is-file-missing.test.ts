import { expect, test } from 'vitest'
import { isFileMissing } from './is-file-missing.ts'

test.each([
  'Unable to preload CSS for /ops/assets/users-view-DPDah23T.css',
  'Failed to fetch dynamically imported module: http://127.0.0.1:8080/ops/assets/users-view-X.js',
  'error loading dynamically imported module: http://127.0.0.1:8080/ops/assets/users-view-X.js',
  'Importing a module script failed.',
])('"%s" is no bug of the dashboard', (message) => {
  expect(isFileMissing(new TypeError(message))).toBe(true)
})

test('what a view throws is one', () => {
  expect(isFileMissing(new TypeError("Cannot read properties of undefined (reading 'map')"))).toBe(false)
  expect(isFileMissing('thrown text')).toBe(false)
})
