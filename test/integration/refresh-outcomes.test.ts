import { describe, expect, test } from 'vitest'
import type { Behaviour } from '../support/backend.ts'
import { rollcallOfFile } from '../support/rollcall.ts'

const { backend, rollcall } = await rollcallOfFile({
  env: { RETRY_BACKOFF_MS: '0', BACKEND_TIMEOUT_MS: '1500', MAX_ROSTER_BYTES: '20000', MAX_CONTACTS: '50' },
})

describe('the status says how a refresh went', () => {
  test('200 when some rosters were updated, with the failures of the others', async () => {
    backend.set('broken', { kind: 'raw', body: '[1]' })
    const { status, body } = await rollcall.refresh(['john', 'broken', 'mary'])
    expect(status).toBe(200)
    expect(body).toMatchObject({ status: 'ok', updated: 2, errors: 1 })
    expect(body.failures).toEqual([{ username: 'broken', code: 'roster-invalid', message: expect.any(String) }])
  })

  test('500 when none was', async () => {
    backend.set('*', 401)
    const { status, body } = await rollcall.refresh(['john', 'mary'])
    expect(status).toBe(500)
    expect(body).toMatchObject({ status: 'error', updated: 0, errors: 2 })
    expect(body).not.toHaveProperty('pending')
  })

  test('200 when all failed at first, and none at last', async () => {
    backend.set('*', [500, 503, { kind: 'good' }])
    const { status, body } = await rollcall.refresh(['late'])
    expect({ status, ...body }).toMatchObject({ status: 'ok', updated: 1, errors: 0 })
  })
})

const bytes = (body: string): Behaviour => ({ kind: 'raw', body })

const FAILURES: readonly [what: string, behaviour: Behaviour, code: string][] = [
  ['answers 500', 500, 'backend-status'],
  ['answers 401', 401, 'backend-status'],
  ['answers 204', 204, 'backend-status'],
  ['answers 301', { kind: 'raw', status: 301, headers: { location: 'http://127.0.0.2/' } }, 'backend-status'],
  ['does not know the user', 404, 'user-unknown'],
  ['resets the connection', { kind: 'reset' }, 'backend-unreachable'],
  ['resets it in the middle of an answer', { kind: 'reset-mid-body' }, 'backend-unreachable'],
  ['never answers', { kind: 'hang' }, 'backend-timeout'],
  ['drips', { kind: 'drip', everyMs: 200 }, 'backend-timeout'],
  ['answers nothing', bytes(''), 'roster-invalid'],
  ['answers HTML', bytes('<html></html>'), 'roster-invalid'],
  ['answers null', bytes('null'), 'roster-invalid'],
  ['answers a list of contacts', bytes('[{"jid":"a@example.org"}]'), 'roster-invalid'],
  ['answers wrong types', bytes('{"a@example.org":{"name":5}}'), 'roster-invalid'],
  ['answers too much', { kind: 'big', bytes: 20_001, announced: false }, 'roster-too-large'],
  ['answers without an end', { kind: 'endless' }, 'roster-too-large'],
  ['packs too much', { kind: 'gzip-bomb', mebibytes: 10 }, 'roster-too-large'],
  [
    'answers too many contacts',
    bytes(JSON.stringify(Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`c${i}@example.org`, {}])))),
    'roster-too-large',
  ],
]

describe('a failed fetch has its code, and leaves the stored roster readable and as it was (G4), when the backend', () => {
  test.each(FAILURES)('%s', async (_what, behaviour, code) => {
    const username = `g4-${code}-${JSON.stringify(behaviour).length}`
    backend.rosters.set(username, { 'kept@example.org': { name: 'Kept' } })
    expect((await rollcall.refresh([username])).status).toBe(200)
    const before = await rollcall.send(`/contacts/${username}`)
    expect(before.status).toBe(200)
    expect(before.headers.warning).toBeUndefined()

    backend.set(username, behaviour)
    const { status, body } = await rollcall.refresh([username])
    expect(status).toBe(500)
    expect(body.failures).toEqual([{ username, code, message: expect.stringMatching(/./) }])

    const after = await rollcall.send(`/contacts/${username}`)
    expect(after.status).toBe(200)
    expect(after.text).toBe(before.text)
    expect(after.headers).toMatchObject({ etag: before.headers.etag, warning: '110 rollcall "Response is Stale"' })
    expect(after.headers.age).toMatch(/^\d+$/)

    backend.unset(username)
    expect((await rollcall.refresh([username])).status).toBe(200)
    expect((await rollcall.send(`/contacts/${username}`)).headers.warning).toBeUndefined()
  })
})

test('while the backend is down refreshes fail and reads go on; when it is back, all is well', async () => {
  backend.rosters.set('up-and-down', { 'old@example.org': {} })
  await rollcall.refresh(['up-and-down'])
  await backend.stop()

  const down = await rollcall.refresh(['up-and-down', 'never-seen'])
  expect(down.status).toBe(500)
  expect(down.body).toMatchObject({ status: 'error', updated: 0, errors: 2 })
  expect((down.body.failures as { code: string }[]).map(({ code }) => code)).toEqual([
    'backend-unreachable',
    'backend-unreachable',
  ])
  const read = await rollcall.send('/contacts/up-and-down')
  expect(Object.keys(read.json())).toEqual(['old@example.org'])

  await backend.start()
  backend.rosters.set('up-and-down', { 'new@example.org': {} })
  const up = await rollcall.refresh(['up-and-down', 'never-seen'])
  expect(up.body).toMatchObject({ status: 'ok', updated: 2, errors: 0, changed: 2 })
  expect(Object.keys((await rollcall.send('/contacts/up-and-down')).json())).toEqual(['new@example.org'])
})
