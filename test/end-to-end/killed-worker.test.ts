import { expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../support/backend.ts'
import { freshRedisUrl } from '../support/fresh-redis.ts'
import { spawnApi, spawnWorker } from '../support/processes.ts'
import { edit, notAsInBackend, usernames } from './rosters.ts'

const USERS = usernames(2_000)

test('what a worker killed in the middle of a refresh had begun is done by another one within 10 s', async ({
  annotate,
}) => {
  const backend = await startBackend()
  onTestFinished(backend.close)
  const env = { REDIS_URL: await freshRedisUrl(), HTTP_ROSTER_URL: backend.template }
  const [api, victim] = await Promise.all([spawnApi(env), spawnWorker(env), spawnWorker(env)])
  edit(backend, USERS, 1)
  expect((await api.refresh(USERS)).body).toMatchObject({ updated: 2_000, errors: 0 })

  edit(backend, USERS, 2)
  backend.set('*', { kind: 'good', delayMs: 200 })
  const before = backend.requests.length
  const answer = api.refresh(USERS)
  await backend.until(() => backend.requests.length >= before + 1_000)
  victim.kill('SIGKILL')
  const killedAt = performance.now()
  await victim.exited
  const { status, body } = await answer
  const seconds = (performance.now() - killedAt) / 1_000
  const interrupted = backend.requests.filter((request) => request.cutOff).length
  const measured = `answered ${seconds.toFixed(1)} s after the kill, ${interrupted} fetches were interrupted by it`
  await annotate(measured)

  expect({ status, updated: body.updated, errors: body.errors }).toEqual({ status: 200, updated: 2_000, errors: 0 })
  expect(await notAsInBackend(env.REDIS_URL, backend, USERS)).toEqual([])
  expect(interrupted, 'the kill came too late or too early to show anything').toBeGreaterThan(0)
  expect(seconds, measured).toBeLessThan(10)
})
