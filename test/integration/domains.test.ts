import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBackend, type TestBackend } from '../support/backend.ts'
import { type Rollcall, startRollcall } from '../support/rollcall.ts'

let one: TestBackend
let two: TestBackend
let rollcall: Rollcall

beforeAll(async () => {
  one = await startBackend()
  two = await startBackend()
  one.rosters.set('john', { 'of-one@example.org': {} })
  two.rosters.set('john', { 'of-two@example.org': {} })
  rollcall = await startRollcall({
    rosterUrl: one.template,
    env: { RETRY_BACKOFF_MS: '0', JOB_ATTEMPTS: '1' },
    file: {
      defaultDomain: 'one.example',
      backendHeaders: { 'x-common': 'yes' },
      domains: {
        'one.example': { rosterUrl: one.template, maxContacts: 3 },
        'two.example': {
          rosterUrl: `${two.url}/contacts/%s?domain=%d`,
          headers: { Authorization: 'Bearer for-two' },
          maxContacts: 1,
          unknownUser: 'empty',
        },
        'xn--bcher-kva.example': { rosterUrl: two.template, unknownUserRead: 'not-found' },
      },
    },
  })
})

afterAll(async () => {
  await rollcall.stop()
  await Promise.all([one.close(), two.close()])
})

const refresh = async (host: string, usernames: readonly string[]) =>
  (
    await rollcall.send('/roster_admin/refresh', { method: 'POST', headers: { host }, body: JSON.stringify(usernames) })
  ).json()
const contactsOf = async (host: string, name: string) => {
  const answer = await rollcall.send(`/contacts/${name}`, { headers: { host } })
  return Object.keys(answer.json())
}

describe('the domain of a user is', () => {
  test.each([
    ['the one that Host names', 'two.example', 'john', 'of-two@example.org'],
    ['the one that Host names, with a port', 'two.example:8080', 'john', 'of-two@example.org'],
    ['the one that Host names, in upper case', 'TWO.Example', 'john', 'of-two@example.org'],
    ['the default when Host names none', 'localhost', 'john', 'of-one@example.org'],
    ['the one after the @, whatever Host names', 'one.example', 'john@two.example', 'of-two@example.org'],
    ['the one after the @, in upper case', 'localhost', 'john@TWO.EXAMPLE', 'of-two@example.org'],
  ])('%s', async (_what, host, name, contact) => {
    expect(await refresh(host, [name])).toMatchObject({ updated: 1, errors: 0 })
    expect(await contactsOf(host, name)).toEqual([contact])
  })

  test('its ASCII form, however it is written', async () => {
    two.rosters.set('jürgen', { 'mary@example.org': {} })
    expect(await refresh('localhost', ['jürgen@bücher.example', 'jürgen@xn--bcher-kva.example'])).toMatchObject({
      updated: 1,
      errors: 0,
    })
    expect(await contactsOf('xn--bcher-kva.example', encodeURIComponent('jürgen'))).toEqual(['mary@example.org'])
  })
})

test('the same username in two domains is two users', async () => {
  expect(await refresh('one.example', ['john', 'john@one.example', 'john@two.example'])).toMatchObject({
    updated: 2,
    errors: 0,
  })
})

test('a failure names the user as the application would: with the domain unless it is the default one', async () => {
  one.set('broken', 401)
  two.set('broken', 401)
  const { failures } = await refresh('localhost', ['broken', 'broken@two.example'])
  expect((failures as { username: string }[]).map(({ username }) => username).sort()).toEqual([
    'broken',
    'broken@two.example',
  ])
})

test('each domain has its own address and headers', async () => {
  await refresh('localhost', ['asked', 'asked@two.example'])
  const [atOne] = one.requests.filter(({ username }) => username === 'asked')
  const [atTwo] = two.requests.filter(({ username }) => username === 'asked')
  expect(atOne).toMatchObject({ url: '/contacts/asked', headers: { 'x-common': 'yes' } })
  expect(atTwo).toMatchObject({
    url: '/contacts/asked?domain=two.example',
    headers: { authorization: 'Bearer for-two' },
  })
  expect(atOne?.headers.authorization).toBeUndefined()
  expect(atTwo?.headers['x-common']).toBeUndefined()
})

test('each domain has its own limits', async () => {
  const three = { 'a@example.org': {}, 'b@example.org': {}, 'c@example.org': {} }
  one.rosters.set('popular', three)
  two.rosters.set('popular', three)
  expect(await refresh('localhost', ['popular'])).toMatchObject({ updated: 1 })
  expect(await refresh('two.example', ['popular'])).toMatchObject({
    status: 'error',
    failures: [{ username: 'popular@two.example', code: 'roster-too-large' }],
  })
})

test('each domain has its own meaning of a user whom the backend does not know', async () => {
  one.set('unknown', 404)
  two.set('unknown', 404)
  expect(await refresh('one.example', ['unknown'])).toMatchObject({ failures: [{ code: 'user-unknown' }] })
  expect(await refresh('two.example', ['unknown'])).toMatchObject({ updated: 1, errors: 0 })
  const readAt = (host: string) => rollcall.send('/contacts/unknown', { headers: { host } })
  expect((await readAt('one.example')).text).toBe('{}')
  expect((await readAt('two.example')).headers.etag).toBeDefined()
  expect((await readAt('xn--bcher-kva.example')).status).toBe(404)
})

test('a backend that hangs holds up its own domain only (G7)', async () => {
  const held = two.hold('*')
  const slow = refresh('two.example', ['a', 'b', 'c'])
  await two.arrived('a')
  expect(await refresh('one.example', ['a', 'b', 'c'])).toMatchObject({ updated: 3 })
  held.release()
  await slow
})
