import { expect, test } from 'vitest'
import { urlOf } from './address.ts'

test.each([
  ['127.0.0.1', 'http://127.0.0.1:8080'],
  ['127.0.0.2', 'http://127.0.0.2:8080'],
  ['0.0.0.0', 'http://127.0.0.1:8080'],
  ['::1', 'http://[::1]:8080'],
  ['::', 'http://[::1]:8080'],
  ['rollcall.example', 'http://rollcall.example:8080'],
])('what listens on %s is reached as %s', (host, url) => {
  expect(urlOf(host, 8080)).toBe(url)
})
