import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startBackend, type TestBackend } from '../support/backend.ts'
import { send } from '../support/http.ts'
import { type RosterAdminModule, startRosterAdminModule } from '../support/roster-admin-module.ts'

// What mod_http_roster_admin was seen to do on Prosody 0.12.3: the stand-in has to do the same.

let backend: TestBackend
let module: RosterAdminModule

beforeEach(async () => {
  backend = await startBackend({ contacts: 0 })
  module = await startRosterAdminModule({ rosterUrl: backend.template })
})
afterEach(() => backend.close())

const friend = (groups: unknown = {}) => ({ name: 'A friend', groups })

const post = (body: string, options: { host?: string; signal?: AbortSignal } = {}) =>
  send(`${module.url}/roster_admin/refresh`, {
    method: 'POST',
    headers: { host: options.host ?? 'example.org', 'content-length': String(Buffer.byteLength(body)) },
    body,
    ...(options.signal && { signal: options.signal }),
  })

const refresh = async (...usernames: string[]) => (await post(JSON.stringify(usernames))).json()

/** Looked at while another request is answered; a moment is enough for one that would be answered at all. */
async function isNeverAnswered(body: string): Promise<boolean> {
  const ending = new AbortController()
  let answered = false
  const answer = post(body, { signal: ending.signal }).then(
    () => {
      answered = true
    },
    () => {},
  )
  for (let i = 0; i < 20; i++) await refresh('nobody')
  ending.abort()
  await answer
  return !answered
}

describe('the stand-in for Prosody with mod_http_roster_admin', () => {
  it('fetches who is online and pushes what was added and removed', async () => {
    backend.rosters.set('john', { 'marie@example.org': friend({ Team: true }) })
    const john = await module.login('john')
    expect(john.contacts()).toEqual(['marie@example.org'])

    backend.rosters.set('john', { 'aaron@example.org': friend({ Team: true }) })
    expect(await refresh('john')).toEqual({ status: 'ok', message: 'roster update complete', updated: 1, errors: 0 })
    expect(john.pushes).toEqual([
      { jid: 'aaron@example.org', subscription: 'both', name: 'A friend', groups: ['Team'] },
      { jid: 'marie@example.org', subscription: 'remove', groups: [] },
    ])
  })

  it('compares JIDs only: a new name and another group are never pushed', async () => {
    backend.rosters.set('john', { 'marie@example.org': friend({ Team: true }) })
    const john = await module.login('john')
    backend.rosters.set('john', { 'marie@example.org': { name: 'Another', groups: { Others: true } } })
    await refresh('john')
    expect(john.pushes).toEqual([])
  })

  it('counts who is offline as updated, and fetches nothing', async () => {
    expect(await refresh('john', 'aaron')).toMatchObject({ updated: 2, errors: 0 })
    expect(backend.requests).toEqual([])
  })

  it('opens one connection for each user, all at once', async () => {
    const usernames = Array.from({ length: 20 }, (_, i) => `user${i}`)
    for (const username of usernames) await module.login(username)
    const before = backend.connections()
    const { release } = backend.hold('*')
    const summary = refresh(...usernames)
    await backend.until(() => backend.connections() - before === 20)
    release()
    expect(await summary).toMatchObject({ updated: 20 })
  })

  it('makes one fetch for each time that a name is given', async () => {
    await module.login('john')
    expect(await refresh('john', 'john', 'john')).toMatchObject({ updated: 3 })
    expect(backend.requests).toHaveLength(1 + 3)
  })

  it.each([
    ['a#b', '/contacts/a'],
    ['a?x=1', '/contacts/a?x=1'],
    ['a%2fb', '/contacts/a%2fb'],
  ])('puts %s into the URL as it is', async (username, url) => {
    await module.login(username)
    expect(backend.requests.map((request) => request.url)).toEqual([url])
  })

  it('says ok and counts errors when rosters are not to be had, and not whose', async () => {
    await module.login('john')
    await module.login('aaron')
    backend.set('john', 503)
    expect(await refresh('john', 'aaron')).toMatchObject({ status: 'ok', updated: 1, errors: 1 })
  })

  it('closes the stream of a client whose roster is answered with 404', async () => {
    backend.set('john', 404)
    expect((await module.login('john')).isOpen()).toBe(false)
  })

  it.each(['[]', '{}'])('never answers %s', async (body) => {
    expect(await isNeverAnswered(body)).toBe(true)
  })

  it.each<[string, () => unknown]>([
    ['the backend refuses the connection', () => backend.stop()],
    ['the backend sends what is no JSON', () => backend.set('john', { kind: 'raw', body: '{' })],
    [
      'the groups of a new contact are an array',
      () => backend.rosters.set('john', { 'a@example.org': friend(['Team']) }),
    ],
  ])('never answers when %s', async (_, happens) => {
    await module.login('john')
    await happens()
    expect(await isNeverAnswered('["john"]')).toBe(true)
  })

  it('answers broken JSON with a page of HTML', async () => {
    const answer = await post('["john"')
    expect([answer.status, answer.headers['content-type']]).toEqual([500, 'text/html'])
  })

  it('finds its domain by the Host header', async () => {
    expect((await post('["john"]', { host: 'other.example' })).status).toBe(404)
    expect((await post('["john"]', { host: 'example.org:5280' })).status).toBe(200)
  })

  it('refreshes one user by GET', async () => {
    const answer = await send(`${module.url}/roster_admin/refresh/john`, { headers: { host: 'example.org' } })
    expect(answer.json()).toEqual({ status: 'ok', message: 'roster update complete' })
  })
})
