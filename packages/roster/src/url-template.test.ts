import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { user } from '../test/arbitraries.ts'
import { forAll } from '../test/for-all.ts'
import { Domain } from './domain.ts'
import { parseUrlTemplate, UrlTemplateError } from './url-template.ts'
import { userOf } from './user.ts'
import { Username } from './username.ts'

const john = userOf(Username.parse('john'), Domain.parse('example.org'))

const templates: [template: string, url: string][] = [
  ['http://127.0.0.1:8090/rosters/%s', 'http://127.0.0.1:8090/rosters/john'],
  ['https://app.example/%d/rosters/%s.json', 'https://app.example/example.org/rosters/john.json'],
  ['https://app.example?user=%s&host=%d', 'https://app.example/?user=john&host=example.org'],
  ['https://app.example/%d%s%d', 'https://app.example/example.orgjohnexample.org'],
  ['https://app.example/a%2Fb%25s/c%E9/%s?x=%20', 'https://app.example/a%2Fb%25s/c%E9/john?x=%20'],
  ['https://app.example/%de/%s', 'https://app.example/%de/john'],
  ['https://app.example/s0/d00/%s000', 'https://app.example/s0/d00/john000'],
  ['https://app.example/ü/%s?a=b..c/../d', 'https://app.example/%C3%BC/john?a=b..c/../d'],
  ['https://app.example/.../.%s..', 'https://app.example/.../.john..'],
  ['HTTP://APP.example:80/%s', 'http://app.example/john'],
  ['http://bücher.example/@%s', 'http://xn--bcher-kva.example/@john'],
  ['http://[::1]:8090/%s', 'http://[::1]:8090/john'],
]

const faults: [template: string, message: RegExp][] = [
  ['', /does not begin with http.*write it as in/],
  ['/rosters/%s', /does not begin with http/],
  ['ftp://app.example/%s', /does not begin with http/],
  ['http:app.example/%s', /does not begin with http/],
  ['http:///app.example/%s', /does not begin with http/],
  ['http://?%s', /does not begin with http/],
  ['http://x:secret@app.example/%s', /credentials.*in a header/],
  ['http://%s.app.example/', /% in the host/],
  ['http://%d/%s', /% in the host/],
  ['http://app%2eexample/%s', /% in the host/],
  ['http://app.example/#%s', /fragment.*%23/],
  ['http://app.example/%s#', /fragment.*%23/],
  ['http://app.example/%s?#x', /fragment.*%23/],
  ['http://app.example/', /no %s/],
  ['http://app.example/%d', /no %s/],
  ['http://app.example/%25s', /no %s/],
  ['http://app.example/%s/%s', /has %s 2 times/],
  ['http://app.example/%s?u=%s', /has %s 2 times/],
  ['http://app.example/%/%s', /% without two hexadecimal digits.*%25/],
  ['http://app.example/%S/%s', /% without two/],
  ['http://app.example/%D/%s', /% without two/],
  ['http://app.example/%%s', /% without two/],
  ['http://app.example/%s%', /% without two/],
  ['http://app.example/%4/%s', /% without two/],
  ['http://app.example/../%s', /\. or \.\./],
  ['http://app.example/%s/..', /\. or \.\./],
  ['http://app.example/%2E%2e/%s', /\. or \.\./],
  ['http://app.example/./%s?x', /\. or \.\./],
  ['http://app.example/%s ', /a space/],
  ['http://app.example\\%s', /a backslash/],
  ['http://app.example/\n%s', /a control character/],
  ['http://app.example/\ud800%s', /a control character/],
  ['http://app.example:99999/%s', /host or port is not valid/],
  ['http://a<b/%s', /host or port is not valid/],
]

describe('a URL template', () => {
  test.each(templates)('%s gives %s', (template, url) => {
    expect(parseUrlTemplate(template).urlFor(john)).toBe(url)
    expect(parseUrlTemplate(template).source).toBe(template)
  })

  test.each(faults)('%j is refused: %s', (template, message) => {
    expect(() => parseUrlTemplate(template)).toThrow(UrlTemplateError)
    expect(() => parseUrlTemplate(template)).toThrow(message)
  })

  it('is refused without repeating credentials', () => {
    expect(() => parseUrlTemplate('http://x:secret@app.example/%s')).toThrow(/^((?!secret).)*$/)
  })

  test.each([
    ['a#b', 'a%23b'],
    ['a?x=1', 'a%3Fx%3D1'],
    ['a%2fb', 'a%252fb'],
    ['a\\b', 'a%5Cb'],
    ['(!*)', '%28%21%2A%29'],
    ['日本', '%E6%97%A5%E6%9C%AC'],
    ['a.b_c-d~e', 'a.b_c-d~e'],
  ])('encodes the username %j as %s', (name, encoded) => {
    const { urlFor } = parseUrlTemplate('http://app.example/%s')
    expect(urlFor(userOf(Username.parse(name), john.domain))).toBe(`http://app.example/${encoded}`)
  })

  const piece = fc.string({
    unit: fc.constantFrom(..."abs0d.-_~!$&'()*+,;=:@é", '%2f', '%E9', '%25', '%d'),
    maxLength: 6,
  })
  const before = fc.tuple(fc.constantFrom('http', 'https'), fc.domain(), fc.array(piece, { maxLength: 3 }))
  const template = fc
    .tuple(before, piece, piece, fc.array(piece), fc.option(piece))
    .map(([start, left, right, more, query]) => {
      const [scheme, host, folders] = start
      const path = [...folders, `${left}%s${right}`, ...more].join('/')
      return `${scheme}://${host}/${path}${query === null ? '' : `?${query}`}`
    })

  it('never lets a URL leave its origin and path prefix, and the username can be read back', () => {
    forAll(
      [template, user],
      (text, someone) => {
        fc.pre(!/\/(?:\.|%2e){1,2}(?:[/?]|$)/i.test(text))
        const url = parseUrlTemplate(text).urlFor(someone)
        const parsed = new URL(url)
        const [prefix = '', suffix = ''] = new URL(
          text
            .replace(/%(?:[0-9A-Fa-f]{2}|d)/g, (found) => (found === '%d' ? 'DOMAIN' : found))
            .replace('%s', 'USERNAME'),
        ).href
          .replaceAll('DOMAIN', encodeURIComponent(someone.domain))
          .split('USERNAME')
        expect(parsed.href).toBe(url)
        expect(url.startsWith(prefix)).toBe(true)
        expect(url.endsWith(suffix)).toBe(true)
        const encoded = url.slice(prefix.length, url.length - suffix.length)
        expect(encoded).toMatch(/^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+$/)
        expect(decodeURIComponent(encoded)).toBe(someone.username)
      },
      { numRuns: 1000 },
    )
  })

  it('accepts or refuses any text without another error', () => {
    forAll([fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl(), template)], (text) => {
      try {
        expect(new URL(parseUrlTemplate(text).urlFor(john)).protocol).toMatch(/^https?:$/)
      } catch (error) {
        expect(error).toBeInstanceOf(UrlTemplateError)
      }
    })
  })
})
