import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { forAll } from '../test/for-all.ts'
import { memberAt, parseMembers } from './json-members.ts'

const usualKey = fc.string({ unit: fc.constantFrom(...'ab0@.é日/{}[]:,'), maxLength: 6 })
const member = fc.tuple(usualKey, fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 2 })))
const usualObject = fc.uniqueArray(member, { selector: ([key]) => key }).map((members) => ({
  keys: members.map(([key]) => key),
  values: members.map(([, value]) => JSON.parse(JSON.stringify(value))),
}))
const space = fc.string({ unit: fc.constantFrom(...' \n\r\t'), maxLength: 2 })

describe('the members of a JSON object', () => {
  it.each([
    ['{}', [], []],
    ['\t{ }\r\n', [], []],
    ['{"a":{}}', ['a'], [{}]],
    ['{"":{"x":"}"},"b":{"x":[{"y":"\\\\"}]}}', ['', 'b'], [{ x: '}' }, { x: [{ y: '\\' }] }]],
    ['{"a":{"x":"\\"},"},"b":{"x":"\\\\\\""}}', ['a', 'b'], [{ x: '"},' }, { x: '\\"' }]],
    ['{"__proto__":{},"9":{},"1":{}}', ['__proto__', '9', '1'], [{}, {}, {}]],
    ['{"a":{},"a":{"x":1}}', ['a', 'a'], [{}, { x: 1 }]],
  ])('of %s are told', (text, keys, values) => expect(parseMembers(text)).toEqual({ keys, values }))

  it.each([
    ['no object', ['', '5', 'null', '[]', '"a"', '[{}]']],
    ['values that are no objects', ['{"a":1}', '{"a":[]}', '{"a":null}', '{"a":"b"}', '{"a":{},"b":true}']],
    ['keys with an escape', ['{"\\u0061":{}}', '{"a\\\\b":{}}', '{"a\\"b":{}}']],
    ['not JSON: brackets', ['{', '{"a":{', '{"a":{"b":[}}', '{"a":{}', '{"a":{}}}', '{}}', '{"a":{]}', '{"a":{"x":"']],
    [
      'not JSON: commas and colons',
      ['{,}', '{"a":{},}', '{"a":{}"b":{}}', '{"a"{}}', '{"a"::{}}', '{"a":{}:{}}', '{"a'],
    ],
    ['not JSON: keys', ['{a:{}}', "{'a':{}}", '{"a\n":{}}', '{"a\u0000":{}}']],
    ['not JSON: values', ['{"a":{x}}', '{"a":{"x":1,}}', '{"a":{"x":"\n"}}', '{"a":{"x":"\\x"}}', '{"a":{},{}}']],
    ['not JSON: space', ['{"a":{}}\u00a0', '\ufeff{}', '{\u2028}', '{} x']],
  ])('are not told of what is %s', (_, texts) => {
    for (const text of texts) expect(parseMembers(text), text).toBeUndefined()
  })

  it('can be had one by one', () => {
    const text = '{"a\\\\":{"x":"}"},"b":{}}'
    expect(memberAt(text, 1)).toEqual({ key: 'a\\', end: 16 })
    expect(memberAt(text, 17)).toEqual({ key: 'b', end: 23 })
    expect(memberAt(text, 24)).toBeUndefined()
    expect(memberAt('{}', 1)).toBeUndefined()
  })

  it.each(['{a}', '{"a}', '{"a"}', '{"a":{'])('are not there one by one in %s', (text) => {
    expect(() => memberAt(`${text} `, 1)).toThrow(SyntaxError)
  })

  it('are those that JSON.parse finds, wherever there is space', () => {
    forAll([usualObject, fc.array(space, { minLength: 8, maxLength: 8 })], (object, [a, b, c, d, e, f, g, h]) => {
      const members = object.keys.map(
        (key, i) => `${b}${JSON.stringify(key)}${c}:${d}${JSON.stringify(object.values[i])}${e}`,
      )
      expect(parseMembers(`${a}{${f}${members.join(',')}${g}}${h}`)).toEqual(object)
    })
  })

  it('are told of nothing that JSON.parse refuses, or reads in another way', () => {
    const text = usualObject.map(
      ({ keys, values }) => `{${keys.map((key, i) => `"${key}":${JSON.stringify(values[i])}`)}}`,
    )
    const damage = fc.tuple(
      fc.nat(),
      fc.nat(2),
      fc.string({ unit: fc.constantFrom(...'"\\{}[]:,1tx \n'), maxLength: 2 }),
    )
    forAll(
      [text, fc.array(damage, { minLength: 1, maxLength: 3 })],
      (whole, damages) => {
        let broken = whole
        for (const [where, cut, put] of damages) {
          const at = where % (broken.length + 1)
          broken = broken.slice(0, at) + put + broken.slice(at + cut)
        }
        const members = parseMembers(broken)
        if (members === undefined) return
        const expected: object = JSON.parse(broken)
        // A key that is there twice comes twice: Object.fromEntries keeps the last one, as JSON.parse does.
        const entries = members.keys.map((key, i) => [key, members.values[i]] as const)
        expect(Object.entries(Object.fromEntries(entries))).toEqual(Object.entries(expected))
      },
      { numRuns: 1000 },
    )
  })
})
