import type { Domain } from '@rollcall/roster'
import { expect, test } from 'vitest'
import { refusalOf } from './session.ts'

const domains = ['a.example', 'b.example'] as Domain[]

test('whoever may operate everywhere may do everything', () => {
  expect(refusalOf({ name: 'ops', rights: ['view', 'operate'], domains: '*' }, '*')).toBeUndefined()
})

test('whoever may look is told what is missing', () => {
  expect(refusalOf({ name: 'eyes', rights: ['view'], domains: '*' }, 'a.example')).toBe(
    '“eyes” may look and not act: that needs the right “operate”.',
  )
})

test('whoever may act for some domains may not for others, nor for all', () => {
  const session = { name: 'ab', rights: ['view', 'operate'] as const, domains }
  expect(refusalOf(session, 'b.example')).toBeUndefined()
  expect(refusalOf(session, undefined)).toBeUndefined()
  expect(refusalOf(session, 'c.example')).toBe('“ab” may act for a.example, b.example only.')
  expect(refusalOf(session, '*')).toContain('this concerns all domains')
})
