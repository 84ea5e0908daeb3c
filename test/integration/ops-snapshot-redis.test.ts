import { OpsSnapshot } from '@rollcall/roster'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { listenTo } from '../support/event-source.ts'
import { ownRedis } from '../support/processes.ts'
import { rollcallOfTest } from '../support/rollcall.ts'

const at = rollcallOfTest()
const { start } = at
const snapshot = async (): Promise<OpsSnapshot> =>
  OpsSnapshot.parse((await at.rollcall.send('/ops/api/snapshot')).json())

test('of a Redis that is full it is said so, and nobody is called dead whose heartbeats it does not take', async () => {
  const { url } = await ownRedis()
  await start({ redisUrl: url, env: { HEARTBEAT_MS: '100' } })
  await expect.poll(async () => (await snapshot()).processes).toHaveLength(2)
  const redis = new Redis(url)
  onTestFinished(() => redis.disconnect())
  await redis.config('SET', 'maxmemory', '1mb')
  await expect.poll(async () => (await snapshot()).processes.map(({ state }) => state)).toEqual(['silent', 'silent'])
  const { health, processes } = await snapshot()
  expect(health.troubles).toEqual([{ text: expect.stringMatching(/^Redis takes no writes: refreshes are refused/) }])
  expect(processes[0]?.reasons).toEqual([expect.stringMatching(/^Whether it lives is not known/)])
  await redis.config('SET', 'maxmemory', '0')
  await expect.poll(snapshot).toMatchObject({ health: { status: 'ok' } })
})

test('when Redis is away the last that was known stays, and it is said so', async () => {
  const redis = await ownRedis()
  await start({ redisUrl: redis.url, env: { REDIS_TIMEOUT_MS: '1000' } })
  await at.rollcall.refresh(['john'])
  await expect.poll(snapshot).toMatchObject({ storedUsers: 1 })
  const listener = await listenTo(`${at.rollcall.api.url}/ops/api/live`)
  await redis.stop()
  await expect.poll(snapshot).toMatchObject({
    redis: { isReachable: false, since: expect.any(String) },
    health: { status: 'unavailable', troubles: [{ text: expect.stringContaining('Redis cannot be read') }] },
    storedUsers: 1,
  })
  await listener.until((events) => events.some(({ data }) => data.includes('"isReachable":false')))
  expect((await snapshot()).processes).toHaveLength(2)
})

test('what was never read is not known', async () => {
  const redis = await ownRedis()
  await start({ redisUrl: redis.url, env: { REDIS_TIMEOUT_MS: '1000' } })
  await at.rollcall.refresh(['john'])
  await redis.stop()
  expect(await snapshot()).toMatchObject({ isKnown: false, redis: { isReachable: false } })
  await ownRedis({ port: redis.port })
  await expect.poll(snapshot).toMatchObject({ isKnown: true, redis: { isReachable: true } })
})

test('a Redis that hangs holds up no dashboard: it is told, and so is its return', async () => {
  const redis = await ownRedis()
  await start({ redisUrl: redis.url, env: { REDIS_TIMEOUT_MS: '1000' } })
  await expect.poll(snapshot).toMatchObject({ redis: { isReachable: true } })
  redis.child.kill('SIGSTOP')
  await expect.poll(snapshot).toMatchObject({ redis: { isReachable: false }, health: { status: 'unavailable' } })
  redis.child.kill('SIGCONT')
  await expect.poll(snapshot).toMatchObject({ redis: { isReachable: true }, health: { status: 'ok' } })
})
