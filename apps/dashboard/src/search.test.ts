import { expect, test } from 'vitest'
import { oneOf, parseSearch, present, stringifySearch, textOf } from './search.ts'

test('what looks like a number, a truth or JSON stays text', () => {
  expect(parseSearch('?prefix=123&user=true&code=%7B%7D')).toEqual({ prefix: '123', user: 'true', code: '{}' })
})

test('an address that is written is read as it was', () => {
  const search = { prefix: 'a&b=c#d', domain: 'example.org' }
  expect(parseSearch(stringifySearch(search))).toEqual(search)
})

test('what is not set does not stand in an address', () => {
  expect(stringifySearch({ prefix: undefined, domain: '', state: null })).toBe('')
})

test('a value that is not one of the choices is as none', () => {
  expect(oneOf('7d', ['1h', '7d'])).toBe('7d')
  expect(oneOf('8d', ['1h', '7d'])).toBeUndefined()
  expect(textOf('')).toBeUndefined()
  expect(present({ a: undefined, b: 'x' })).toEqual({ b: 'x' })
})
