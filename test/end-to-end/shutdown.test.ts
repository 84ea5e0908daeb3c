import { Agent } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../support/backend.ts'
import { freshRedisUrl } from '../support/fresh-redis.ts'
import { send } from '../support/http.ts'
import { type AppProcess, spawnApi, spawnWorker } from '../support/processes.ts'
import { edit, notAsInBackend, usernames } from './rosters.ts'

const USERS = usernames(50)
const DEADLINE_MS = 5_000
/** Some requests are made meanwhile. */
const DRAIN_MS = 6_000
/** Of a busy machine. */
const SLACK_MS = 15_000

test('an api that is told to end answers who waits with what becomes known, and ends well', async () => {
  const { backend, api, held } = await busy()
  const answer = api.refresh(USERS)
  await backend.until(() => backend.requests.length === USERS.length)
  const ended = endsInTime(api)
  await api.waitForLine(/"msg":"Ending/)
  await expect(fetch(`${api.url}/health/live`)).rejects.toThrow('fetch failed')
  held.release()
  expect(await answer).toMatchObject({ status: 200, body: { updated: 50, errors: 0 } })
  expect(await ended).toEqual({ code: 0, signal: null })
})

test('an api that is told to end answers who waits for too much that it is not done yet', async () => {
  const { backend, api, held, env } = await busy()
  const answer = api.refresh(USERS)
  await backend.until(() => backend.requests.length === USERS.length)
  const ended = endsInTime(api)
  const { status, body, headers } = await answer
  expect({ status, updated: body.updated, errors: body.errors, pending: body.pending }).toEqual({
    status: 202,
    updated: 0,
    errors: 0,
    pending: 50,
  })
  expect(await ended).toEqual({ code: 0, signal: null })

  held.release()
  const next = await spawnApi(env)
  await expect
    .poll(async () => (await next.get(headers.get('location') ?? '')).body)
    .toMatchObject({ state: 'done', updated: 50, errors: 0 })
})

test('an api that drains serves requests, but is not ready and keeps no connection, and then stops listening', async () => {
  const { env } = await busy()
  const api = await spawnApi({ ...env, DRAIN_MS: String(DRAIN_MS) })
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const ask = (path: string) => send(api.url + path, { agent })
  expect((await ask('/health/live')).headers.connection).toBe('keep-alive')

  const ended = endsInTime(api, DRAIN_MS + DEADLINE_MS)
  await api.waitForLine(/"msg":"Ending/)
  const ready = await ask('/health/ready')
  expect(ready).toMatchObject({ status: 503, headers: { connection: 'close' } })
  expect(ready.json()).toEqual({ status: 'unavailable', reasons: ['This process is ending'] })
  expect(await ask('/health/live')).toMatchObject({ status: 200, headers: { connection: 'close' } })
  expect(await ask('/contacts/%ff')).toMatchObject({ status: 400, headers: { connection: 'close' } }) // not by Express
  const closed = () =>
    ask('/health/live').then(
      () => false,
      (error: Error) => error.message.includes('ECONNREFUSED'),
    )
  await expect.poll(closed).toBe(true)
  expect(await ended).toEqual({ code: 0, signal: null })
})

test('a worker that is told to end finishes the jobs that run', async () => {
  const { backend, api, worker, held, env } = await busy()
  const answer = api.refresh(USERS)
  await backend.until(() => backend.requests.length === USERS.length)
  const ended = endsInTime(worker)
  await worker.waitForLine(/"msg":"Ending/)
  held.release()
  expect(await answer).toMatchObject({ status: 200, body: { updated: 50, errors: 0 } })
  expect(await ended).toEqual({ code: 0, signal: null })
  expect(backend.requests.length, 'nothing is fetched twice').toBe(USERS.length)
  expect(await notAsInBackend(env.REDIS_URL, backend, USERS)).toEqual([])
})

test('what a worker that is told to end cannot finish is done by another one, and nobody is told of an error', async () => {
  const { backend, api, worker, env } = await busy()
  const answer = api.refresh(USERS)
  await backend.until(() => backend.requests.length === USERS.length)
  const ended = endsInTime(worker)
  await worker.waitForLine(/"msg":"Ending/)
  backend.unset() // those that are held stay so
  await spawnWorker(env)
  expect(await ended).toEqual({ code: 0, signal: null })
  expect(await answer).toMatchObject({ status: 200, body: { updated: 50, errors: 0 } })
  expect(await notAsInBackend(env.REDIS_URL, backend, USERS)).toEqual([])
})

test('told a second time, api and worker end at once', async () => {
  const { backend, api, worker } = await busy({ SHUTDOWN_DEADLINE_MS: '60000' })
  const answer = api.refresh(USERS).catch(() => 'broken')
  await backend.until(() => backend.requests.length === USERS.length)
  for (const process of [api, worker]) {
    process.kill('SIGTERM')
    await process.waitForLine(/"msg":"Ending/)
    const told = performance.now()
    process.kill('SIGTERM')
    expect(await process.exited).toEqual({ code: 1, signal: null })
    expect(performance.now() - told).toBeLessThan(SLACK_MS)
  }
  expect(await answer).toBe('broken')
})

/** One api and one worker; every request to the backend is held. */
async function busy(settings: Readonly<Record<string, string>> = {}) {
  const backend = await startBackend()
  onTestFinished(backend.close)
  const env = {
    REDIS_URL: await freshRedisUrl(),
    HTTP_ROSTER_URL: backend.template,
    SHUTDOWN_DEADLINE_MS: String(DEADLINE_MS),
    BACKEND_TIMEOUT_MS: '60000',
    ...settings,
  }
  const [api, worker] = await Promise.all([spawnApi(env), spawnWorker(env)])
  edit(backend, USERS, 1)
  return { env, backend, api, worker, held: backend.hold('*') }
}

async function endsInTime(process: AppProcess, deadlineMs = DEADLINE_MS) {
  const told = performance.now()
  process.kill('SIGTERM')
  const exit = await process.exited
  expect(performance.now() - told, `${process.name} ends by its deadline`).toBeLessThan(deadlineMs + SLACK_MS)
  return exit
}
