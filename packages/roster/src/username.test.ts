import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { anyText } from '../test/arbitraries.ts'
import { forAll } from '../test/for-all.ts'
import { parseUsername, Username } from './username.ts'
import { utf8Length } from './utf8-length.ts'

const valid: [given: string, normal: string, why: string][] = [
  ['john', 'john', 'plain'],
  ['JOHN', 'john', 'case is mapped'],
  ['a#b', 'a#b', 'a fragment in a URL'],
  ['a?x=1', 'a?x=1', 'a query in a URL'],
  ['a;b', 'a;b', 'a parameter in a URL'],
  ['a%2fb', 'a%2fb', 'an encoded slash'],
  ['a\\20b', 'a\\20b', 'JID escaping, XEP-0106'],
  ['%252e', '%252e', 'a dot encoded twice'],
  ['...', '...', 'three dots are a name'],
  ['.a', '.a', 'begins with a dot'],
  ['__proto__', '__proto__', 'an ordinary name'],
  ['constructor', 'constructor', 'an ordinary name'],
  ['12345', '12345', 'digits'],
  ['{x}', '{x}', 'braces, the hash tags of Redis'],
  ['*', '*', 'a glob'],
  ['日本', '日本', 'no case'],
  ['fußball', 'fußball', 'ß stays'],
  ['Σ', 'σ', 'sigma is mapped to lower case'],
  ['ς', 'ς', 'final sigma stays'],
  ['ΟΔΟΣ', 'οδος', 'the last capital sigma of a word becomes the final one'],
  ['e\u0301', 'é', 'composed'],
  ['ＪｏＨｎ', 'john', 'full width'],
  ['ｶﾞ', 'ガ', 'half width with its mark'],
  ['col·lega', 'col·lega', 'middle dot between two l'],
  ['COL·LEGA', 'col·lega', 'middle dot between two capital L'],
  ['\u0375α', '\u0375α', 'Greek numeral sign before Greek'],
  ['א\u05F3', 'א\u05F3', 'geresh after Hebrew'],
  ['א\u05F4', 'א\u05F4', 'gershayim after Hebrew'],
  ['ア・イ', 'ア・イ', 'middle dot in Japanese'],
  ['\u0660\u0661', '\u0660\u0661', 'Arabic digits'],
  ['\u{20000}', '\u{20000}', 'beyond the Basic Multilingual Plane'],
  ['a'.repeat(1023), 'a'.repeat(1023), 'as long as it may be'],
  ['é'.repeat(511), 'é'.repeat(511), 'nearly as long as it may be'],
  ['\u0041\u030A'.repeat(511), 'å'.repeat(511), 'the limit is on the normal form'],
  [`x${'\u0316'.repeat(30)}`, `x${'\u0316'.repeat(30)}`, 'as many combining marks as there may be in a row'],
  [`x${'\u0316'.repeat(30)}`.repeat(2), `x${'\u0316'.repeat(30)}`.repeat(2), 'the limit is for each row'],
]

const invalid: [given: string, reason: RegExp][] = [
  ['', /empty/],
  ['.', /dot segment/],
  ['..', /dot segment/],
  ['%2e', /dot segment/],
  ['%2E', /dot segment/],
  ['%2e%2e', /dot segment/],
  ['%2E%2e', /dot segment/],
  ['.%2E', /dot segment/],
  ['%2e.', /dot segment/],
  ['．', /dot segment/],
  ['％２ｅ．', /dot segment/],
  ...[...`"&'/:<>@`].map((character): [string, RegExp] => [
    `a${character}b`,
    /^. \(U\+00..\) at character 2 is not allowed$/,
  ]),
  ['a＠b', /^＠ \(U\+FF20\) at character 2 is not allowed$/],
  ['a b', /^U\+0020 at character 2 is a space$/],
  ['a\u3000', /^U\+3000 at character 2 is a space$/],
  ['a\n', /^U\+000A at character 2 is a control character$/],
  ['a\u0000', /^U\+0000 at character 2 is a control character$/],
  ['a\u007f', /^U\+007F at character 2 is a control character$/],
  ['a\u0085', /^U\+0085 at character 2 is a control character$/],
  ['\ud800', /^U\+D800 at character 1 is half a surrogate pair$/],
  ['\u{20000}\udc00', /^U\+DC00 at character 2 is half a surrogate pair$/],
  ['ﬁ', /^ﬁ \(U\+FB01\) at character 1 is a compatibility character$/],
  ['\u{20000}ﬁ', /^ﬁ \(U\+FB01\) at character 2 is a compatibility character$/],
  ['e\u0301ſ', /at character 3 is a compatibility character$/],
  ['henryⅣ', /\(U\+2163\) at character 6 is a compatibility character$/],
  ['\u212A', /\(U\+212A\) at character 1 is a compatibility character$/],
  ['￣', /\(U\+FFE3\) at character 1 is a space$/],
  ['♚', /\(U\+265A\) at character 1 is not allowed$/],
  ['\u0378', /^U\+0378 at character 1 is not allowed$/],
  ['\u0640', /is not allowed$/],
  ['\u1100', /is not allowed$/],
  ['a\u00AD', /^U\+00AD at character 2 is invisible$/],
  ['a\u200D', /^U\+200D at character 2 is invisible$/],
  ['a\uFE0F', /^U\+FE0F at character 2 is invisible$/],
  ['a=\u0338', /^≠ \(U\+2260\), to which its characters compose, is not allowed$/],
  ['l·a', /not between two l/],
  ['a·l', /not between two l/],
  ['l·l\u0301', /not between two l/],
  ['α\u0375', /not before a Greek letter/],
  ['a\u05F3', /not after a Hebrew letter/],
  ['a・b', /not Japanese or Chinese/],
  ['\u0660\u06F0', /digits/],
  [`a${'\u0316\u0301'.repeat(16)}`, /^from character 2 on there are more than 30 combining marks in a row$/],
  [`\u{20000}a${'\u0301'.repeat(900)}`, /^from character 3 on there are more than 30 combining marks/],
  [`カ${'ﾞ'.repeat(31)}`, /^from character 2 on there are more than 30 combining marks/],
  [`a\u0316İ${'\u0316'.repeat(30)}`, /^from character 3 on there are more than 30 combining marks/],
  ['a'.repeat(1024), /longer than 1023 bytes/],
  ['é'.repeat(512), /longer than 1023 bytes/],
]

describe('a username', () => {
  test.each(valid)('%j is valid: %j, %s', (given, normal) => {
    expect(parseUsername(given)).toEqual({ kind: 'valid', username: normal })
    expect(Username.parse(given)).toBe(normal)
  })

  test.each(invalid)('%j is not valid: %s', (given, reason) => {
    const result = parseUsername(given)
    expect(result).toEqual({ kind: 'invalid', reason: expect.stringMatching(reason) })
    const issue = { code: 'custom', path: [], message: result.kind === 'invalid' && result.reason }
    expect(Username.safeParse(given).error?.issues).toEqual([issue])
  })

  it('stays as it is when it is normalised again', () => {
    forAll(
      [anyText],
      (text) => {
        const once = parseUsername(text)
        fc.pre(once.kind === 'valid')
        expect(parseUsername(once.username)).toEqual(once)
      },
      { numRuns: 2000 },
    )
  })

  it('has 1 to 1023 bytes, no character of another part of a JID, and can be put into a URL', () => {
    forAll([anyText], (text) => {
      const result = parseUsername(text)
      fc.pre(result.kind === 'valid')
      expect(result.username).not.toMatch(/["&'/:<>@\s\p{Cc}\p{Cs}]/u)
      expect(utf8Length(result.username)).toBe(Buffer.byteLength(result.username))
      expect(decodeURIComponent(encodeURIComponent(result.username))).toBe(result.username)
    })
  })

  it('is refused with a reason that can be printed', () => {
    forAll([anyText], (text) => {
      const result = parseUsername(text)
      fc.pre(result.kind === 'invalid')
      expect(result.reason).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
    })
  })
})

test('every code point alone is either refused or its own normal form after one normalisation', () => {
  for (let code = 0; code <= 0x10ffff; code++) {
    const once = parseUsername(String.fromCodePoint(code))
    if (once.kind === 'invalid') continue
    const again = parseUsername(once.username)
    if (again.kind === 'invalid' || again.username !== once.username) expect.fail(`U+${code.toString(16)}`)
  }
}, 60_000)
