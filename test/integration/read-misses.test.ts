import { describe, expect, test } from 'vitest'
import { send } from '../support/http.ts'
import { rollcallOfFile } from '../support/rollcall.ts'

const { backend, rollcall } = await rollcallOfFile({ env: { READ_DEADLINE_MS: '15000', RETRY_BACKOFF_MS: '0' } })
const hasty = await rollcall.startApi({ READ_DEADLINE_MS: '300' })

const get = (path: string) => rollcall.send(path)
const asked = (username: string) => backend.requests.filter((request) => request.username === username).length

describe.each(['/contacts/', '/v1/rosters/'])('a roster that is not stored yet, under %s,', (prefix) => {
  const name = (text: string) => `${text}-${prefix.length}`

  test('is fetched at once', async () => {
    const answer = await get(prefix + name('fetched'))
    expect(answer.status).toBe(200)
    expect(answer.headers).toMatchObject({ etag: expect.stringMatching(/"/), age: expect.stringMatching(/^\d+$/) })
    expect(asked(name('fetched'))).toBe(1)
    expect((await get(prefix + name('fetched'))).text).toBe(answer.text)
    expect(asked(name('fetched'))).toBe(1)
  })

  test('is fetched for a HEAD too', async () => {
    const answer = await rollcall.send(prefix + name('head'), { method: 'HEAD' })
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '' })
    expect(Number(answer.headers['content-length'])).toBeGreaterThan(2)
  })

  test('is waited for no longer than the deadline of a read; the fetch goes on', async () => {
    const held = backend.hold(name('slow'))
    const answer = await send(hasty.url + prefix + name('slow'))
    expect(answer.status).toBe(503)
    expect(answer.headers['retry-after']).toBe('1')
    expect(answer.text).toMatch(/not fetched in time; a refresh of it goes on/)
    expect(hasty.waiting()).toEqual({ callers: 0, users: 0 })
    held.release()
    await expect.poll(async () => (await get(prefix + name('slow'))).status).toBe(200)
  })

  test('cannot be given while the backend fails', async () => {
    backend.set(name('failing'), 500)
    const answer = await get(prefix + name('failing'))
    expect(answer.status).toBe(503)
    expect(answer.headers['retry-after']).toBe('1')
    expect(answer.text).toMatch(/backend-status/)
    backend.unset()
    expect((await get(prefix + name('failing'))).status).toBe(200)
  })

  test('nor while it is down', async () => {
    await backend.stop()
    const answer = await get(prefix + name('down'))
    expect(answer.status).toBe(503)
    expect(answer.text).toMatch(/backend-unreachable/)
    await backend.start()
    expect((await get(prefix + name('down'))).status).toBe(200)
  })
})

test('what a backend says of contacts in an error does not reach the reader of /contacts as a roster', async () => {
  backend.set('confused', { kind: 'raw', status: 500, body: '{"mary@example.org":{}}' })
  const answer = await get('/contacts/confused')
  expect(answer.status).toBe(503)
  expect(Object.keys(answer.json())).toEqual(['status', 'message'])
})

describe('a user whom the backend does not know', () => {
  test('has an empty roster, unless told otherwise: a 404 would make Prosody close the stream', async () => {
    backend.set('*', 404)
    const contacts = await get('/contacts/unknown')
    expect({ status: contacts.status, text: contacts.text }).toEqual({ status: 200, text: '{}' })
    const v1 = await get('/v1/rosters/unknown')
    expect(v1.status).toBe(200)
    expect(v1.json()).toMatchObject({ username: 'unknown', domain: 'localhost', contacts: [] })
  })

  test('is not found, if told so', async () => {
    const api = await rollcall.startApi({ UNKNOWN_USER_READ: 'not-found' })
    backend.set('*', 410)
    for (const path of ['/contacts/unknown', '/v1/rosters/unknown']) {
      const response = await fetch(api.url + path)
      expect(response.status).toBe(404)
      await response.body?.cancel()
    }
  })

  test('but was known once, keeps the roster of then', async () => {
    await rollcall.refresh(['left'])
    const before = await get('/contacts/left')
    backend.set('left', 404)
    await rollcall.refresh(['left'])
    const after = await get('/contacts/left')
    expect({ status: after.status, text: after.text }).toEqual({ status: 200, text: before.text })
    expect(after.headers.warning).toBe('110 rollcall "Response is Stale"')
  })
})

test('a read that has begun before a refresh is answered by it', async () => {
  const held = backend.hold('both')
  const reader = get('/contacts/both')
  await backend.arrived('both')
  backend.rosters.set('both', { 'new@example.org': {} })
  const refresh = rollcall.refresh(['both'])
  await expect.poll(() => rollcall.api.waiting()).toMatchObject({ callers: 2 })
  held.release()
  expect((await reader).status).toBe(200)
  expect((await refresh).body).toMatchObject({ updated: 1 })
  expect(Object.keys((await get('/contacts/both')).json())).toEqual(['new@example.org'])
})
