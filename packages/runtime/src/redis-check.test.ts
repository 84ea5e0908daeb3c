import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { freshRedisUrl } from '../../../test/support/fresh-redis.ts'
import { ownRedis } from '../../../test/support/processes.ts'
import { SCHEMA_KEY } from './keys.ts'
import {
  checkRedis,
  isCredentialTrouble,
  OLDEST_REDIS,
  RedisUnusableError,
  SCHEMA_VERSION,
  whenReady,
  writeProblem,
} from './redis-check.ts'

function connect(url: string): Redis {
  const redis = new Redis(url, { retryStrategy: () => 10 })
  redis.on('error', () => {})
  onTestFinished(() => redis.disconnect())
  return redis
}

test('a Redis that is as it should be: no warnings, and our layout noted', async () => {
  const redis = connect(await freshRedisUrl())
  expect(await checkRedis(redis)).toEqual([])
  expect(await redis.get(SCHEMA_KEY)).toBe(String(SCHEMA_VERSION))
  expect(await checkRedis(redis)).toEqual([])
})

test('versions with adjacent layouts work side by side, and the newer one is noted', async () => {
  const redis = connect(await freshRedisUrl())
  const [old, next] = [SCHEMA_VERSION, SCHEMA_VERSION + 1]
  for (const layout of [old, next, old, next, old]) expect(await checkRedis(redis, layout)).toEqual([])
  expect(await redis.get(SCHEMA_KEY)).toBe(String(next))
})

test('data of a layout that is newer by more than one is refused and left alone', async () => {
  const redis = connect(await freshRedisUrl())
  await redis.set(SCHEMA_KEY, 9)
  await expect(checkRedis(redis, 7)).rejects.toThrow(RedisUnusableError)
  await expect(checkRedis(redis, 7)).rejects.toThrow(
    'The data in Redis has layout 9, newer than this Rollcall can work with (7, beside 6 or 8). Run the newer version, or use an empty Redis database.',
  )
  expect(await redis.get(SCHEMA_KEY)).toBe('9')
})

test('so is data of a layout that is older by more than one: its processes may still run', async () => {
  const redis = connect(await freshRedisUrl())
  await redis.set(SCHEMA_KEY, 1)
  await expect(checkRedis(redis, 3)).rejects.toThrow(
    'has layout 1, older than this Rollcall can work with (3, beside 2 or 4). Run the version with layout 2 first',
  )
  expect(await redis.get(SCHEMA_KEY)).toBe('1')
})

test.each(['6.0.16', '5.0.7', '2.8.24', '6.1.999'])('Redis %s is too old', async (version) => {
  const old = { info: async () => `# Server\r\nredis_version:${version}\r\n` } as unknown as Redis
  await expect(checkRedis(old)).rejects.toThrow(`Redis is ${version}; Rollcall needs ${OLDEST_REDIS} or newer`)
})

test('a Redis that may drop jobs when its memory is full is warned of', async () => {
  const redis = connect((await ownRedis()).url)
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
  expect(await checkRedis(redis)).toEqual([
    'Redis has maxmemory-policy allkeys-lru: when memory is full it drops jobs and locks. Set it to noeviction.',
  ])
})

test('a wrong password is not waited for', async () => {
  const { url, port } = await ownRedis({ args: ['--requirepass', 'right'] })
  await expect(whenReady(connect(`redis://:wrong@127.0.0.1:${port}`), 60_000)).rejects.toThrow(RedisUnusableError)
  await expect(whenReady(connect(url), 60_000)).rejects.toThrow(RedisUnusableError)
  expect(await whenReady(connect(`redis://:right@127.0.0.1:${port}`), 60_000)).toBe(true)
})

test('a Redis that is away is waited for only so long, and not given up', async () => {
  const server = await ownRedis()
  await server.stop()
  const redis = connect(server.url)
  expect(await whenReady(redis, 1)).toBe(false)
  await ownRedis({ port: server.port })
  expect(await whenReady(redis, 60_000)).toBe(true)
  expect(await whenReady(redis, 0)).toBe(true)
})

test('a Redis that takes no writes says why', async () => {
  const redis = connect((await ownRedis()).url)
  expect(await writeProblem(redis, 'probe')).toBeNull()
  await redis.config('SET', 'min-replicas-to-write', '1')
  expect(await writeProblem(redis, 'probe')).toContain('NOREPLICAS')
})

test.each([
  ['WRONGPASS invalid username-password pair or user is disabled.', true],
  ['NOAUTH Authentication required.', true],
  ['ERR AUTH <password> called without any password configured', true],
  ['ERR DB index is out of range', true],
  ['connect ECONNREFUSED 127.0.0.1:6379', false],
])('%s: only a change of the configuration mends it: %s', (message, expected) => {
  expect(isCredentialTrouble(new Error(message))).toBe(expected)
})
