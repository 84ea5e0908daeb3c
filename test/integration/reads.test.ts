import { beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from '../support/http.ts'
import { rollcallOfFile } from '../support/rollcall.ts'

const { backend, rollcall } = await rollcallOfFile()

beforeAll(async () => {
  backend.rosters.set('john', {
    'mary@example.org': { name: 'Mary', groups: ['Work', 'Friends'], subscription: 'both' },
    'mark@example.org': { name: null, groups: null, ask: 'subscribe', subscription: 'from', approved: true },
    'keyed@example.org': { groups: { Friends: true } },
    'plain@example.org': {},
  })
  backend.rosters.set('nobody', {})
  await rollcall.refresh(['john', 'nobody'])
})

const get = (path: string, headers: Record<string, string> = {}) => rollcall.send(path, { headers })

describe('GET /contacts/<username>', () => {
  test('is what the module expects: an object keyed by JID, groups an object, nothing null', async () => {
    const answer = await get('/contacts/john')
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(answer.headers['content-length']).toBe(String(Buffer.byteLength(answer.text)))
    expect(answer.json()).toEqual({
      'keyed@example.org': { subscription: 'both', groups: { Friends: true } },
      'mark@example.org': { subscription: 'from', ask: 'subscribe', approved: true, groups: {} },
      'mary@example.org': { name: 'Mary', subscription: 'both', groups: { Friends: true, Work: true } },
      'plain@example.org': { subscription: 'both', groups: {} },
    })
    expect(answer.text).not.toContain('null')
  })

  test('of somebody without contacts is an empty object', async () => {
    expect((await get('/contacts/nobody')).text).toBe('{}')
  })

  test('takes a query and looks past it', async () => {
    expect((await get('/contacts/john?x=%zz&y')).text).toBe((await get('/contacts/john')).text)
  })
})

describe('GET /v1/rosters/<username>', () => {
  test('is the same roster in the form of v1', async () => {
    const answer = await get('/v1/rosters/john')
    expect(answer.status).toBe(200)
    expect(answer.json()).toEqual({
      username: 'john',
      domain: 'localhost',
      version: 1,
      fetchedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      contacts: [
        { jid: 'keyed@example.org', groups: ['Friends'], subscription: 'both' },
        { jid: 'mark@example.org', groups: [], subscription: 'from', ask: 'subscribe', approved: true },
        { jid: 'mary@example.org', name: 'Mary', groups: ['Friends', 'Work'], subscription: 'both' },
        { jid: 'plain@example.org', groups: [], subscription: 'both' },
      ],
    })
  })
})

describe.each(['/contacts/', '/v1/rosters/'])('under %s', (prefix) => {
  const of = (name: string, headers: Record<string, string> = {}): Promise<Answer> => get(prefix + name, headers)

  test('the age of the roster is told, and that it must be asked for each time', async () => {
    const { headers } = await of('john')
    expect(Number(headers.age)).toBeGreaterThanOrEqual(0)
    expect(Number(headers.age)).toBeLessThan(60)
    expect(headers['cache-control']).toBe('private, no-cache')
    expect(headers.warning).toBeUndefined()
  })

  test('HEAD has the headers of GET and no body', async () => {
    const answer = await rollcall.send(`${prefix}john`, { method: 'HEAD' })
    const { headers } = await of('john')
    expect(answer.status).toBe(200)
    expect(answer.text).toBe('')
    for (const name of ['etag', 'content-length', 'content-type']) expect(answer.headers[name]).toBe(headers[name])
  })

  test.each<[what: string, ifNoneMatch: (etag: string) => string, status: number]>([
    ['the ETag', (etag) => etag, 304],
    ['the ETag, weak', (etag) => `W/${etag.replace('W/', '')}`, 304],
    ['the ETag, strong', (etag) => etag.replace('W/', ''), 304],
    ['a list with it', (etag) => `"x", W/"y" ,${etag},"z"`, 304],
    ['*', () => '*', 304],
    ['another', () => '"x"', 200],
    ['a list without it', () => '"x", "y"', 200],
    ['a part of it', (etag) => `${etag.slice(0, -3)}"`, 200],
    ['nothing', () => '', 200],
  ])('If-None-Match with %s', async (_what, ifNoneMatch, status) => {
    const etag = String((await of('john')).headers.etag)
    for (const method of ['GET', 'HEAD']) {
      const answer = await rollcall.send(`${prefix}john`, { method, headers: { 'if-none-match': ifNoneMatch(etag) } })
      expect(answer.status).toBe(status)
      expect(answer.headers.etag).toBe(etag)
      if (status === 304) expect(answer.text).toBe('')
    }
  })

  test('the ETag is the same until the roster changes', async () => {
    const name = `changes${prefix.length}`
    const etagAfter = async (contacts: object) => {
      backend.rosters.set(name, contacts)
      await rollcall.refresh([name])
      return (await of(name)).headers.etag
    }
    const first = await etagAfter({ 'a@example.org': { groups: ['x', 'y'] }, 'b@example.org': {} })
    const same = await etagAfter({ 'b@example.org': {}, 'a@example.org': { groups: ['y', 'x', 'y'], extra: 1 } })
    const renamed = await etagAfter({ 'a@example.org': { name: 'A', groups: ['x', 'y'] }, 'b@example.org': {} })
    expect(first).toMatch(/^(?:W\/)?"[\w-]{43}"$/)
    expect(same).toBe(first)
    expect(renamed).not.toBe(first)
    expect((await of(name, { 'if-none-match': String(first) })).status).toBe(200)
  })

  test('a user may be named with the domain, and in upper case', async () => {
    const plain = await of('john')
    for (const name of ['john@localhost', 'JOHN', 'JOHN@LOCALHOST', 'john%40localhost', '%6aohn']) {
      expect((await of(name)).headers.etag).toBe(plain.headers.etag)
    }
  })

  test.each([
    ['', /empty/],
    ['a%20b', /space/],
    ['a/b', /U\+002F/],
    ['a%2Fb', /U\+002F/],
    ['..', /dot segment/],
    ['%2e%2e', /dot segment/],
    ['john/', /U\+002F/],
    ['john@elsewhere.example', /elsewhere\.example/],
    ['x'.repeat(1024), /1023 bytes/],
  ])('%j is no user, and asks no backend', async (name, why) => {
    const asked = backend.requests.length
    const answer = await of(name)
    expect(answer.status).toBe(400)
    expect(answer.text).toMatch(why)
    expect(backend.requests.length).toBe(asked)
  })
})
