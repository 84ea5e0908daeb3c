import { expect, test } from 'vitest'
import { isFound } from './is-found.ts'

const TIMEOUT = {
  name: 'backendTimeoutMs',
  variable: 'BACKEND_TIMEOUT_MS',
  section: 'Backends',
  description: 'A request must be answered by then.',
  value: '10000',
  isDefault: true,
  isSecret: false,
}

test('a setting is found by parts of its name, its variable and what it is, in any order', () => {
  for (const find of ['', 'timeout', 'backend_t', 'answered backend', ' TimeoutMs '])
    expect(isFound(TIMEOUT, find), find).toBe(true)
})

test('all words must be there', () => {
  expect(isFound(TIMEOUT, 'timeout redis')).toBe(false)
})
