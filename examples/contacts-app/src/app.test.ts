import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { contactsApp } from './app.ts'
import { contactBook } from './contact-book.ts'
import { friendshipGraph } from './graph.ts'
import { rollcallNotifier } from './notify.ts'
import { listen } from './testing/real-server.ts'
import { type Reply, standInRollcall, summary } from './testing/stand-in-rollcall.ts'

const allUpdated = { status: 200, body: summary(2) }

/** The application and a stand-in for Rollcall, both on real ports. */
async function start(reply: (path: string | undefined) => Reply | Promise<Reply> = () => allUpdated) {
  const rollcall = await standInRollcall(({ path }) => reply(path))
  const lines: object[] = []
  const app = contactsApp({
    book: contactBook(friendshipGraph(), 'localhost'),
    notify: rollcallNotifier({ url: rollcall.url, retryDelaysMs: [1] }),
    rollcall: { url: rollcall.url },
    log: (line) => lines.push(line),
  })
  const { url } = await listen(app)
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body: text }) })
    return { status: response.status, headers: response.headers, json: (await response.json()) as unknown }
  }
  const contacts = async (username: string) => Object.keys((await ask('GET', `/contacts/${username}`)).json as object)
  return { url, ask, contacts, rollcall, lines }
}

const pair = { a: 'john', b: 'aaron' }

describe('GET /contacts/:username', () => {
  it('answers the roster keyed by JID', async () => {
    const { ask } = await start()
    const { status, json } = await ask('GET', '/contacts/john')
    expect(status).toBe(200)
    expect(Object.keys(json as object).length).toBeGreaterThan(9)
    expect(json).toMatchObject({
      'rebecca@localhost': { name: 'Rebecca Larsen', groups: ['Family'], subscription: 'both' },
    })
  })

  it('answers 304 to its own ETag until the roster changes', async () => {
    const { url, ask } = await start()
    const etag = (await ask('GET', '/contacts/john')).headers.get('etag') ?? ''
    // fetch adds "Cache-Control: no-cache" to a conditional request unless told otherwise, and Express heeds it.
    const again = () =>
      fetch(`${url}/contacts/john`, { headers: { 'If-None-Match': etag, 'Cache-Control': 'max-age=0' } })
    expect(etag).toMatch(/^"/)
    expect((await again()).status).toBe(304)
    await ask('POST', '/friendships', pair)
    expect((await again()).status).toBe(200)
  })

  it.each(['nobody', '__proto__', 'john%20', '%F0%9F%98%80'])('answers 404 for %s', async (username) => {
    const { ask } = await start()
    const { status, json } = await ask('GET', `/contacts/${username}`)
    expect(status).toBe(404)
    expect(json).toMatchObject({ status: 'error', message: expect.stringContaining('Nobody is called') })
  })

  it('answers 400 to a path that cannot be decoded', async () => {
    const { ask } = await start()
    expect(await ask('GET', '/contacts/%ff')).toMatchObject({ status: 400, json: { status: 'error' } })
  })
})

describe('POST and DELETE /friendships', () => {
  it('befriends both, tells Rollcall of both, and answers what it said', async () => {
    const { ask, contacts, rollcall, lines } = await start()
    const { status, json } = await ask('POST', '/friendships', pair)
    expect(status).toBe(200)
    expect(json).toEqual({
      event: 'befriended',
      ...pair,
      changed: true,
      rollcall: { told: true, status: 200, summary: summary(2), attempts: 1, ms: expect.any(Number) },
    })
    expect(rollcall.heard).toMatchObject([{ path: '/roster_admin/refresh', body: ['john', 'aaron'] }])
    expect(await contacts('john')).toContain('aaron@localhost')
    expect(await contacts('aaron')).toContain('john@localhost')
    expect(lines).toMatchObject([{ event: 'befriended', ...pair, changed: true, told: true, updated: 2, errors: 0 }])
  })

  it('has made the change when Rollcall comes to fetch', async () => {
    const seen: string[][] = []
    const { ask, contacts } = await start(async () => {
      seen.push(await contacts('john'), await contacts('aaron'))
      return allUpdated
    })
    await ask('POST', '/friendships', pair)
    expect(seen).toEqual([expect.arrayContaining(['aaron@localhost']), expect.arrayContaining(['john@localhost'])])
  })

  it('takes a form and JSON, whatever the content type says', async () => {
    const { ask } = await start()
    const form = 'application/x-www-form-urlencoded'
    for (const body of ['a=john&b=aaron', '{"a":"john","b":"aaron"}', ' { "a": " JOHN", "b": "Aaron" }\n']) {
      for (const type of [form, 'application/json', 'text/plain']) {
        const { status, json } = await ask('POST', '/friendships', body, { 'Content-Type': type })
        expect({ status, json }).toMatchObject({ status: 200, json: pair })
      }
    }
  })

  it('befriends twice without harm, and tells Rollcall again', async () => {
    const { ask, contacts, rollcall } = await start()
    await ask('POST', '/friendships', pair)
    const before = await contacts('john')
    expect((await ask('POST', '/friendships', pair)).json).toMatchObject({ changed: false, rollcall: { told: true } })
    expect(await contacts('john')).toEqual(before)
    expect(rollcall.heard).toHaveLength(2)
  })

  it('moves friends to another group', async () => {
    const { ask } = await start()
    await ask('POST', '/friendships', pair)
    await ask('POST', '/friendships', { ...pair, group: 'Chess club' })
    const groups = { groups: ['Chess club'] }
    expect((await ask('GET', '/contacts/john')).json).toMatchObject({ 'aaron@localhost': groups })
    expect((await ask('GET', '/contacts/aaron')).json).toMatchObject({ 'john@localhost': groups })
  })

  it('unfriends both', async () => {
    const { ask, contacts, rollcall } = await start()
    await ask('POST', '/friendships', pair)
    expect((await ask('DELETE', '/friendships', pair)).json).toMatchObject({ event: 'unfriended', changed: true })
    expect(await contacts('john')).not.toContain('aaron@localhost')
    expect(await contacts('aaron')).not.toContain('john@localhost')
    expect(rollcall.heard.map(({ body }) => body)).toEqual([
      ['john', 'aaron'],
      ['john', 'aaron'],
    ])
    expect((await ask('DELETE', '/friendships', pair)).json).toMatchObject({ changed: false })
  })

  it('keeps the change when Rollcall is down, and says that the notice failed', async () => {
    const { ask, contacts, rollcall, lines } = await start()
    await rollcall.close()
    const { status, json } = await ask('POST', '/friendships', pair)
    expect(status).toBe(200)
    expect(json).toMatchObject({
      changed: true,
      rollcall: { told: false, attempts: 2, message: expect.stringContaining('ECONNREFUSED') },
    })
    expect(await contacts('john')).toContain('aaron@localhost')
    expect(lines).toMatchObject([{ event: 'befriended', told: false }])
  })

  it.each([
    ['nobody', { a: 'john', b: 'nobody' }, 404, 'Nobody is called "nobody"'],
    ['the same user twice', { a: 'john', b: 'John' }, 400, 'themselves'],
    ['no body', undefined, 400, 'empty'],
    ['a field too few', { a: 'john' }, 400, '"b" is missing'],
    ['a number', { a: 'john', b: 5 }, 400, '"b" is missing or is not a text'],
    ['an empty name', { a: 'john', b: ' ' }, 400, '"b" is empty'],
    ['broken JSON', '{"a":', 400, 'starts like JSON'],
    ['an array', '["john","aaron"]', 400, 'must be an object'],
    ['other text', 'john', 400, '"a" is missing'],
    ['an empty group', { ...pair, group: '' }, 400, '"group" is empty'],
    ['a long group', { ...pair, group: 'x'.repeat(51) }, 400, 'longer than 50'],
    ['a group XML cannot carry', { ...pair, group: 'a\u0000b' }, 400, 'characters'],
    ['a body without end', 'a'.repeat(20_000), 413, 'too large'],
  ])('refuses %s, changes nothing and tells nobody', async (_what, body, status, message) => {
    const { ask, contacts, rollcall } = await start()
    expect(await ask('POST', '/friendships', body)).toMatchObject({
      status,
      json: { status: 'error', message: expect.stringContaining(message) },
    })
    expect(await contacts('john')).not.toContain('aaron@localhost')
    expect(rollcall.heard).toEqual([])
  })

  it('unfriends no strangers to the application', async () => {
    const { ask, rollcall } = await start()
    expect(await ask('DELETE', '/friendships', { a: 'john', b: 'nobody' })).toMatchObject({ status: 404 })
    expect(await ask('DELETE', '/friendships', '{')).toMatchObject({ status: 400 })
    expect(rollcall.heard).toEqual([])
  })
})

describe('PATCH /users/:username', () => {
  it('renames and tells Rollcall of everybody who has the user as a contact', async () => {
    const { ask, contacts, rollcall } = await start()
    const friends = (await contacts('john')).map((jid) => jid.replace('@localhost', ''))
    const { json } = await ask('PATCH', '/users/john', { name: 'Johnny <b>' })
    expect(json).toMatchObject({ event: 'renamed', username: 'john', name: 'Johnny <b>', changed: true })
    expect(rollcall.heard).toMatchObject([{ body: friends }])
    expect((await ask('GET', `/contacts/${friends[0]}`)).json).toMatchObject({
      'john@localhost': { name: 'Johnny <b>' },
    })
  })

  it('refuses an unknown user and a missing name', async () => {
    const { ask } = await start()
    expect(await ask('PATCH', '/users/nobody', { name: 'X' })).toMatchObject({ status: 404 })
    expect(await ask('PATCH', '/users/john', {})).toMatchObject({ status: 400 })
  })
})

describe('pages elsewhere', () => {
  it.each([
    ['Origin', 'https://evil.example'],
    ['Origin', 'http://127.0.0.1:1'],
    ['Origin', 'null'],
    ['Sec-Fetch-Site', 'cross-site'],
    ['Sec-Fetch-Site', 'same-site'],
    ['Host', 'evil.example'],
    ['Host', 'localhost.evil.example:8090'],
  ])('cannot change anything nor read Rollcall through us (%s: %s)', async (name, value) => {
    const { url, contacts, rollcall } = await start()
    const port = new URL(url).port
    for (const [method, path] of [
      ['POST', '/friendships'],
      ['DELETE', '/friendships'],
      ['PATCH', '/users/john'],
      ['GET', '/rollcall/contacts/john'],
    ] as const) {
      expect(await rawStatus(Number(port), method, path, { [name]: value })).toBe(403)
    }
    expect(await contacts('john')).not.toContain('aaron@localhost')
    expect(rollcall.heard).toEqual([])
  })

  it('does not hinder its own page', async () => {
    const { url, ask } = await start()
    expect(await ask('POST', '/friendships', pair, { Origin: url })).toMatchObject({ status: 200 })
    expect(await rawStatus(Number(new URL(url).port), 'GET', '/users', { Host: '[::1]:8090' })).toBe(200)
  })
})

describe('what the page asks for', () => {
  it('shows what Rollcall serves', async () => {
    const roster = { 'aaron@localhost': { name: 'Aaron', groups: { Friends: true }, subscription: 'both' } }
    const { ask, rollcall } = await start(() => ({ status: 200, body: roster, headers: { Age: '7' } }))
    expect(await ask('GET', '/rollcall/contacts/john')).toMatchObject({
      status: 200,
      json: { roster, ageSeconds: 7, stale: false, ms: expect.any(Number) },
    })
    expect(rollcall.heard).toMatchObject([{ method: 'GET', path: '/contacts/john' }])
  })

  it('says with which status Rollcall refused', async () => {
    const { ask } = await start(() => ({ status: 401, body: { status: 'error', message: 'A token is needed' } }))
    expect(await ask('GET', '/rollcall/contacts/john')).toMatchObject({
      status: 502,
      json: { rollcallStatus: 401, message: 'Rollcall answered 401 for the contacts of john: A token is needed' },
    })
  })

  it('answers 502 when Rollcall sends something else', async () => {
    const { ask } = await start(() => ({ status: 200, body: '<html>' }))
    expect(await ask('GET', '/rollcall/contacts/john')).toMatchObject({
      status: 502,
      json: { message: expect.stringContaining('no roster') },
    })
  })

  it('answers 502 when Rollcall is away', async () => {
    const { ask, rollcall } = await start()
    await rollcall.close()
    expect(await ask('GET', '/rollcall/contacts/john')).toMatchObject({
      status: 502,
      json: { message: expect.stringContaining('cannot be reached (ECONNREFUSED)') },
    })
  })

  it('is served with its assets, locally and under a strict policy', async () => {
    const { url, ask } = await start()
    const page = await fetch(`${url}/`)
    const html = await page.text()
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(html).not.toMatch(/https?:\/\//)
    for (const [, asset] of html.matchAll(/(?:href|src)="([^"]+)"/g)) {
      expect((await fetch(`${url}/${asset}`)).status).toBe(200)
    }
    expect((await ask('GET', '/users')).json).toContainEqual({ username: 'john', name: 'John Larsen' })
    expect((await ask('GET', '/health')).json).toMatchObject({ status: 'ok', users: 1_000 })
    expect(await ask('GET', '/elsewhere')).toMatchObject({ status: 404, json: { status: 'error' } })
  })
})

/** fetch may not set Host and Sec-Fetch-Site. */
async function rawStatus(port: number, method: string, path: string, headers: Record<string, string>) {
  const asked = request({ port, host: '127.0.0.1', method, path, headers, agent: false })
  const body = method === 'GET' ? '' : JSON.stringify({ ...pair, name: 'X' })
  return new Promise<number | undefined>((resolve, reject) => {
    asked.once('error', reject)
    asked.once('response', (response) => resolve(response.resume().statusCode))
    asked.end(body)
  })
}
