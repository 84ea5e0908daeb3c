import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { forAll } from '../test/for-all.ts'
import { utf8Length } from './utf8-length.ts'

test('the UTF-8 length is what an encoder gives', () => {
  forAll([fc.string({ unit: 'binary' })], (text) => {
    expect(utf8Length(text)).toBe(Buffer.byteLength(text))
  })
})
