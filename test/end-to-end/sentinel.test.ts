import { expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../support/backend.ts'
import { spawnApi, spawnWorker } from '../support/processes.ts'
import { redisWithSentinels } from '../support/redis-sentinel.ts'
import { edit, notAsInBackend, usernames } from './rosters.ts'
import { HURRIED, refreshSteadily } from './told-editions.ts'

const USERS = usernames(500)

test('a fail-over, by command and by a kill, is over in less than 15 s, and nobody was told what is not so', {
  timeout: 120_000,
}, async ({ annotate }) => {
  const { redis, api, backend, guarded } = await scene()
  const load = refreshSteadily(api, backend, USERS)
  await load.untilWell(performance.now())

  for (const how of ['command', 'kill'] as const) {
    const before = await guarded.master()
    const since = performance.now()
    if (how === 'command') await guarded.failOver()
    else before.child.kill('SIGKILL')
    await expect.poll(async () => (await guarded.master()).port).not.toBe(before.port)
    await load.untilWell(performance.now())
    const seconds = (performance.now() - since) / 1_000
    await annotate(`${how}: refreshed well again after ${seconds.toFixed(1)} s`)
    expect(seconds, how).toBeLessThan(15)
  }
  await load.stop()
  await annotate(`${load.counts.well} refreshes went well, ${load.counts.otherwise} did not`)
  await expect.poll(() => load.stale(redis)).toEqual([])
})

test('what a lost master had taken in and answered, and its replicas never heard of, is done again', async () => {
  const { redis, api, backend, guarded } = await scene()
  const users = USERS.slice(0, 20)
  edit(backend, users, 1)
  expect((await api.refresh(users)).body).toMatchObject({ updated: users.length })
  const master = await guarded.master()
  // From now on no replica gets in any more; who is in stays in.
  await redis.config('SET', 'requirepass', 'nobody knows')
  await redis.call('CLIENT', 'KILL', 'TYPE', 'replica')
  edit(backend, users, 2)
  expect((await api.refresh(users)).body).toMatchObject({ updated: users.length })
  master.child.kill('SIGKILL')
  await expect.poll(async () => (await guarded.master()).port).not.toBe(master.port)
  await expect.poll(() => notAsInBackend(redis, backend, users)).toEqual([])
  expect(api.logged(/does not know of a refresh that it took in/)).not.toEqual([])
})

async function scene() {
  const backend = await startBackend()
  onTestFinished(backend.close)
  const guarded = await redisWithSentinels()
  const env = { ...guarded.env, ...HURRIED, HTTP_ROSTER_URL: backend.template }
  const [api] = await Promise.all([spawnApi(env), spawnWorker(env), spawnWorker(env)])
  return { backend, guarded, redis: guarded.redis, api }
}
