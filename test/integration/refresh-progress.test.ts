import { RefreshProgress } from '@rollcall/roster'
import { beforeAll, describe, expect, test } from 'vitest'
import { send } from '../support/http.ts'
import { rollcallOfFile } from '../support/rollcall.ts'

const { backend, rollcall } = await rollcallOfFile({ env: { REFRESH_DEADLINE_MS: '2000' } })
beforeAll(() => rollcall.refresh(['first'])) // what a process does for the first time takes long

const progressAt = async (url: string) => {
  const answer = await send(url)
  expect(answer.status).toBe(200)
  return RefreshProgress.parse(answer.json())
}

test('a refresh that is not done by its deadline is answered with what is known and where to look', async () => {
  const held = backend.hold('slow')
  const { status, body, headers } = await rollcall.refresh(['fast', 'slow', 'no/body'])
  expect(status).toBe(202)
  expect(headers.get('location')).toBe(`/v1/refreshes/${body.refresh}`)
  expect(body).toMatchObject({ status: 'ok', updated: 1, errors: 1, pending: 1 })
  held.release()
})

test('where it went on is told by any api, until it is done', async () => {
  const other = await rollcall.startApi()
  const held = backend.hold('slow')
  backend.set('broken', 401)
  const accepted = await rollcall.refresh(['new-here', 'slow', 'broken', 'a b'])
  const location = String(accepted.headers.get('location'))

  for (const { url } of [rollcall.api, other]) {
    expect(await progressAt(url + location)).toEqual({
      id: accepted.body.refresh,
      caller: 'loopback',
      domain: 'localhost',
      state: 'running',
      acceptedAt: expect.any(String),
      total: 4,
      updated: 1,
      changed: 1,
      errors: 2,
      pending: 1,
      failures: [
        { username: 'a b', code: 'username-invalid', message: expect.any(String) },
        { username: 'broken', code: 'backend-status', message: expect.any(String) },
      ],
    })
  }

  held.release()
  await expect.poll(async () => (await progressAt(other.url + location)).state).toBe('done')
  for (const { url } of [other, rollcall.api]) {
    expect(await progressAt(url + location)).toMatchObject({ updated: 2, errors: 2, pending: 0, total: 4 })
  }
})

test('a refresh that was done in time can be looked up too', async () => {
  const { status, body } = await rollcall.refresh(['mary', 'mark'])
  expect(status).toBe(200)
  await expect
    .poll(() => progressAt(`${rollcall.api.url}/v1/refreshes/${body.refresh}`))
    .toMatchObject({ state: 'done', total: 2, updated: 2, errors: 0, pending: 0, failures: [] })
})

test('the result stays what it was, whatever becomes of the users later', async () => {
  const { body } = await rollcall.refresh(['later'])
  const url = `${rollcall.api.url}/v1/refreshes/${body.refresh}`
  await expect.poll(() => progressAt(url)).toMatchObject({ state: 'done', updated: 1 })
  backend.set('later', 401)
  await rollcall.refresh(['later'])
  expect(await progressAt(url)).toMatchObject({ state: 'done', updated: 1, errors: 0 })
})

test('one user who is not done by the deadline goes on too', async () => {
  const held = backend.hold('single')
  const answer = await rollcall.send('/roster_admin/refresh/single')
  expect(answer.status).toBe(202)
  expect(answer.json()).toEqual({ status: 'ok', message: expect.stringContaining('still running') })
  const location = rollcall.api.url + String(answer.headers.location)
  expect(await progressAt(location)).toMatchObject({ state: 'running', total: 1, pending: 1 })
  held.release()
  await expect.poll(() => progressAt(location)).toMatchObject({ state: 'done', updated: 1, pending: 0 })
})

describe('a refresh that is not known is a problem of RFC 9457', () => {
  test.each([
    ['a UUID', '0b9b1f5e-0000-4000-8000-000000000000'],
    ['short', 'x'],
    ['__proto__', '__proto__'],
    ['with a space', 'a%20b'],
    ['not ASCII', '%E6%97%A5'],
    ['very long', 'x'.repeat(5000)],
  ])('%s', async (_what, id) => {
    const answer = await rollcall.send(`/v1/refreshes/${id}`)
    expect(answer.status).toBe(404)
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    expect(answer.json()).toMatchObject({ title: 'Not found', status: 404 })
    expect(answer.text.length).toBeLessThan(500)
  })
})

test('ids of refreshes lead to nothing else in Redis', async () => {
  const held = backend.hold('slow')
  const { body } = await rollcall.refresh(['slow'])
  for (const suffix of ['0', 'owner']) {
    expect((await rollcall.send(`/v1/refreshes/${body.refresh}:${suffix}`)).status).toBe(404)
  }
  held.release()
})
