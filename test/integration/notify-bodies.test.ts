import { Agent } from 'node:http'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Answer } from '../support/http.ts'
import { rollcallOfFile } from '../support/rollcall.ts'

const { backend, rollcall } = await rollcallOfFile()

const REFRESH = '/roster_admin/refresh'

const post = (body: string | Uint8Array | undefined, headers: Record<string, string> = {}) =>
  rollcall.send(REFRESH, { method: 'POST', headers, ...(body !== undefined && { body }) })

const FOUR_FIELDS = ['status', 'message', 'updated', 'errors']

function expectRefusal(answer: Answer, status: number, message: RegExp): void {
  expect(answer.status).toBe(status)
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
  const body = answer.json()
  expect(Object.keys(body)).toEqual(FOUR_FIELDS)
  expect(body).toMatchObject({ status: 'error', updated: 0, errors: 0 })
  expect(body.message).toMatch(message)
}

function expectUpdated(answer: Answer, updated: number): void {
  expect(answer.status).toBe(200)
  expect(answer.json()).toMatchObject({ status: 'ok', message: 'roster update complete', updated, errors: 0 })
}

describe('a body that is no list of usernames is refused, and the message says what and where', () => {
  test.each<[name: string, body: string | Uint8Array | undefined, message: RegExp]>([
    ['none at all', undefined, /body is empty/],
    ['empty', '', /body is empty/],
    ['white space', ' \n', /not JSON/],
    ['[', '[', /not JSON/],
    ['{', '{', /not JSON/],
    ['text', 'john', /not JSON/],
    ['a form', 'usernames=john', /not JSON/],
    ['a list that ends in a comma', '["john",]', /not JSON/],
    ['two lists', '["john"]["aaron"]', /not JSON/],
    ['5', '5', /body is a number/],
    ['null', 'null', /body is null/],
    ['true', 'true', /body is a boolean/],
    ['{}', '{}', /body is an object/],
    ['"john"', '"john"', /body is a string/],
    ['[1]', '[1]', /body\[0\] is a number/],
    ['["a",null]', '["a",null]', /body\[1\] is null/],
    ['a list in the list', '["a",["b"]]', /body\[1\] is an array/],
    ['an object in the list', '["a","b",{"username":"c"}]', /body\[2\] is an object/],
    ['50,000 nested arrays', '['.repeat(50_000) + ']'.repeat(50_000), /body\[0\] is an array/],
    ['50,000 opened arrays', '['.repeat(50_000), /not JSON/],
    ['bytes that are no UTF-8', Buffer.from('["j\xf6hn"]', 'latin1'), /not UTF-8/],
    ['UTF-16', Buffer.from('["john"]', 'utf16le'), /not JSON/],
    ['half a character of UTF-8', Buffer.from([0x5b, 0x22, 0xe6, 0x97]), /not UTF-8/],
  ])('%s', async (_name, body, message) => {
    expectRefusal(await post(body), 400, message)
  })

  test('a long piece of nonsense is not repeated whole', async () => {
    const answer = await post(`["${'x'.repeat(100_000)}"`)
    expectRefusal(answer, 400, /not JSON/)
    expect(answer.text.length).toBeLessThan(500)
  })

  test('no fetch is made for the usable names beside a wrong element', async () => {
    expectRefusal(await post('["beside-a-wrong-element",7]'), 400, /body\[1\]/)
    expect(backend.requests.map(({ username }) => username)).not.toContain('beside-a-wrong-element')
  })
})

describe('what is too much is refused, naming the limit and its setting', () => {
  test('20 MB', async () => {
    const answer = await post(`["${'x'.repeat(20_000_000)}"]`)
    expectRefusal(answer, 413, /16777216 bytes .*MAX_BODY_BYTES/)
  })

  test('20 MB in chunks, of no announced length', async () => {
    const answer = await post(`["${'x'.repeat(20_000_000)}"]`, { 'transfer-encoding': 'chunked' })
    expectRefusal(answer, 413, /16777216 bytes .*MAX_BODY_BYTES/)
  })

  test('20 MB once unpacked', async () => {
    const answer = await post(gzipSync(`["${'x'.repeat(20_000_000)}"]`), { 'content-encoding': 'gzip' })
    expectRefusal(answer, 413, /16777216 bytes .*MAX_BODY_BYTES/)
  })

  test('200,000 names', async () => {
    const answer = await post(JSON.stringify(Array.from({ length: 200_000 }, (_, i) => `u${i}`)))
    expectRefusal(answer, 413, /200000 users.* 100000 .*MAX_USERNAMES/)
  })
})

describe('any content type is taken, and none', () => {
  test.each<[name: string, headers: Record<string, string>]>([
    ['none', {}],
    ['application/json', { 'content-type': 'application/json' }],
    ['text/plain', { 'content-type': 'text/plain' }],
    ['of curl -d', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['text/html', { 'content-type': 'text/html' }],
    ['no valid one', { 'content-type': ';;;' }],
    ['multipart without a boundary', { 'content-type': 'multipart/form-data' }],
    ['unknown charset', { 'content-type': 'application/json; charset=klingon' }],
    ['another charset than the body has', { 'content-type': 'application/json; charset=utf-16' }],
  ])('%s', async (_name, headers) => {
    expectUpdated(await post('["john"]', headers), 1)
  })
})

describe('a body may come', () => {
  test('in chunks', async () => {
    expectUpdated(await post('["john","aaron"]', { 'transfer-encoding': 'chunked' }), 2)
  })

  test('packed with gzip', async () => {
    expectUpdated(await post(gzipSync('["john","aaron"]'), { 'content-encoding': 'gzip' }), 2)
  })

  test('after the client has asked whether to send it', async () => {
    expectUpdated(await post('["john"]', { expect: '100-continue', 'content-length': '8' }), 1)
  })

  test('with a byte order mark', async () => {
    expectUpdated(await post('\ufeff["john"]'), 1)
  })

  test('but not as gzip that is none', async () => {
    expectRefusal(await post('["john"]', { 'content-encoding': 'gzip' }), 400, /header/)
  })

  test('nor as gzip that is cut off', async () => {
    expectRefusal(await post(gzipSync('["john"]').subarray(0, 15), { 'content-encoding': 'gzip' }), 400, /end of file/)
  })

  test('nor packed in a way that is unknown here', async () => {
    expectRefusal(await post('["john"]', { 'content-encoding': 'sdch' }), 415, /sdch/)
  })
})

test('after a refused body the connection can be used again', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const on = (body: string) => rollcall.send(REFRESH, { method: 'POST', body, agent })
  expectRefusal(await on('['), 400, /not JSON/)
  expectRefusal(await on('[1]'), 400, /body\[0\]/)
  expectUpdated(await on('["john"]'), 1)
  agent.destroy()
})

describe('a summary', () => {
  test('of nothing is all zeros, at once', async () => {
    const asked = backend.requests.length
    const answer = await post('[]')
    expect(answer.status).toBe(200)
    expect(answer.json()).toEqual({
      status: 'ok',
      message: 'roster update complete',
      updated: 0,
      errors: 0,
      changed: 0,
      refresh: expect.any(String),
      failures: [],
    })
    expect(backend.requests.length).toBe(asked)
  })

  test("begins with the module's four fields, of the module's types", async () => {
    const body = (await post('["john"]')).json()
    expect(Object.keys(body).slice(0, 4)).toEqual(FOUR_FIELDS)
    expect(FOUR_FIELDS.map((field) => typeof body[field])).toEqual(['string', 'string', 'number', 'number'])
  })

  test('counts an unchanged roster as updated, and says what changed', async () => {
    backend.rosters.set('changing', { 'a@example.org': {} })
    expect((await post('["changing"]')).json()).toMatchObject({ updated: 1, changed: 1 })
    expect((await post('["changing"]')).json()).toMatchObject({ updated: 1, changed: 0 })
    backend.rosters.set('changing', { 'b@example.org': {} })
    expect((await post('["changing"]')).json()).toMatchObject({ updated: 1, changed: 1 })
  })
})
