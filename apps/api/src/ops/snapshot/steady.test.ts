import { expect, test } from 'vitest'
import { steadier } from './steady.ts'

test('a value that has hardly moved stays, one that has moved is told, and small steps do not hide a long way', () => {
  const { steady, next } = steadier()
  const told = [100, 105, 96, 112, 118, 124].map((value) => {
    const now = steady('memory', value, 0.1)
    next()
    return now
  })
  expect(told).toEqual([100, 100, 100, 112, 112, 124])
})

test('of small values so much at least has to have moved', () => {
  const { steady, next } = steadier()
  expect(steady('cpu', 0.01, 0.2, 0.03)).toBe(0.01)
  next()
  expect(steady('cpu', 0.03, 0.2, 0.03)).toBe(0.01)
  next()
  expect(steady('cpu', 0.05, 0.2, 0.03)).toBe(0.05)
})

test('what is asked for no more is forgotten', () => {
  const { steady, next } = steadier()
  steady('of a process that ended', 100, 0.5)
  next()
  next()
  expect(steady('of a process that ended', 110, 0.5)).toBe(110)
})
