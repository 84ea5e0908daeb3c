import { SCHEMA_VERSION } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { SCHEMA_KEY } from '../../packages/runtime/src/keys.ts'
import { freePort } from '../../tools/src/index.ts'
import { freshRedisUrl } from '../support/fresh-redis.ts'
import { type AppProcess, ownRedis, spawnApi, spawnApp } from '../support/processes.ts'

const HTTP_ROSTER_URL = 'http://127.0.0.1:9/contacts/%s'
const APPS = ['api', 'worker'] as const

test('the api does not listen for everybody without tokens, and says how to make one', async () => {
  const text = await refusal(await spawnApp('api', { HTTP_ROSTER_URL, HOST: '0.0.0.0' }))
  expect(text).toContain('HOST (environment): "0.0.0.0", and no tokens')
  expect(text).toContain('npm run token -- --name app --rights notify,read')
})

test.each(APPS)('all that is wrong with the configuration of the %s is told at once', async (app) => {
  const text = await refusal(
    await spawnApp(app, {
      HTTP_ROSTER_URL: 'http://127.0.0.1/contacts/',
      PORT: '70000',
      REDIS_URL: 'localhost',
      JOB_LOCK_MS: 'soon',
      LOG_LEVEL: 'loud',
      TOKENS: '[',
    }),
  )
  expect(text).toMatch(/^There are 6 mistakes in the configuration/)
  for (const name of ['HTTP_ROSTER_URL', 'PORT', 'REDIS_URL', 'JOB_LOCK_MS', 'LOG_LEVEL', 'TOKENS'])
    expect(text).toContain(`${name} (environment): `)
})

test('an api whose port is taken says so', async () => {
  const env = { HTTP_ROSTER_URL, REDIS_URL: await freshRedisUrl() }
  const { url } = await spawnApi(env)
  const { port } = new URL(url)
  const text = await refusal(await spawnApp('api', { ...env, PORT: port }))
  expect(text).toContain(`Port ${port} of 127.0.0.1 is taken: stop what listens there, or set PORT`)
})

describe.each(APPS)('the %s refuses a Redis that it cannot use', (app) => {
  test('with another password', async () => {
    const { port } = await ownRedis({ args: ['--requirepass', 'right'] })
    for (const credentials of ['', ':wrong@']) {
      const REDIS_URL = `redis://${credentials}127.0.0.1:${port}`
      const text = await refusal(await spawnApp(app, { HTTP_ROSTER_URL, PORT: '0', REDIS_URL }))
      expect(text).toMatch(/"level":"fatal".*Redis refuses what REDIS_URL says: (NOAUTH|WRONGPASS)/)
    }
  })

  test('with data of a newer Rollcall', async () => {
    const REDIS_URL = await freshRedisUrl()
    const redis = new Redis(REDIS_URL)
    await redis.set(SCHEMA_KEY, SCHEMA_VERSION + 2)
    redis.disconnect()
    const text = await refusal(await spawnApp(app, { HTTP_ROSTER_URL, PORT: '0', REDIS_URL }))
    expect(text).toContain(`The data in Redis has layout ${SCHEMA_VERSION + 2}, newer than this Rollcall can work with`)
  })
})

test.each(APPS)('without Redis the %s starts, waits for it, and can be ended', async (app) => {
  const port = await freePort()
  const REDIS_URL = `redis://127.0.0.1:${port}`
  const process = await spawnApp(app, { HTTP_ROSTER_URL, PORT: '0', REDIS_URL, SHUTDOWN_DEADLINE_MS: '1000' })
  await process.waitForLine(/Redis is not reachable yet; going on/)
  await process.waitForLine(/"msg":"(Listening on|Taking jobs)/)
  const redis = await ownRedis({ port })
  await process.waitForLine(/"msg":"Redis is back"/)
  await redis.stop()
  process.kill('SIGTERM')
  expect(await process.exited).toEqual({ code: 0, signal: null })
})

/** All it wrote, after it has ended with exit code 1. */
async function refusal(process: AppProcess): Promise<string> {
  expect(await process.exited).toEqual({ code: 1, signal: null })
  return process.lines.join('\n')
}
