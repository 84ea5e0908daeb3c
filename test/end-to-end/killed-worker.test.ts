import { expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../support/backend.ts'
import { freshRedisUrl } from '../support/fresh-redis.ts'
import { spawnApi, spawnWorker } from '../support/processes.ts'
import { edit, notAsInBackend, usernames } from './rosters.ts'

const USERS = usernames(2_000)
const PLACES = 50

test('what a worker killed in the middle of a refresh had begun is done by another one, by the deadline of whoever waits', async ({
  annotate,
}) => {
  const backend = await startBackend()
  onTestFinished(backend.close)
  const env = {
    REDIS_URL: await freshRedisUrl(),
    HTTP_ROSTER_URL: backend.template,
    WORKER_CONCURRENCY: String(PLACES),
    BACKEND_TIMEOUT_MS: '60000',
    SLOW_FETCH_MS: '60000',
  }
  const [api, victim] = await Promise.all([spawnApi(env), spawnWorker(env), spawnWorker(env)])
  edit(backend, USERS, 1)
  expect((await api.refresh(USERS)).body).toMatchObject({ updated: 2_000, errors: 0 })

  edit(backend, USERS, 2)
  const held = backend.hold('*')
  const before = backend.requests.length
  const answer = api.refresh(USERS)
  await backend.until(() => backend.requests.length === before + 2 * PLACES) // every place of both is taken
  victim.kill('SIGKILL')
  const killedAt = performance.now()
  await victim.exited
  held.release()
  const { status, body } = await answer
  const seconds = (performance.now() - killedAt) / 1_000
  const interrupted = backend.requests.filter((request) => request.cutOff).length
  await annotate(`answered ${seconds.toFixed(1)} s after the kill`)

  expect({ status, updated: body.updated, errors: body.errors }).toEqual({ status: 200, updated: 2_000, errors: 0 })
  expect(await notAsInBackend(env.REDIS_URL, backend, USERS)).toEqual([])
  expect(interrupted).toBe(PLACES)
})
