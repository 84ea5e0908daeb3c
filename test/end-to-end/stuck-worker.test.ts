import { setTimeout as delay } from 'node:timers/promises'
import { shardKeys } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../support/backend.ts'
import { freshRedisUrl } from '../support/fresh-redis.ts'
import { type ApiProcess, type AppProcess, spawnApi, spawnNode, spawnWorker } from '../support/processes.ts'
import { tcpProxy } from '../support/tcp-proxy.ts'
import { usernames } from './rosters.ts'

/** It ends as much later. */
const STUCK_MS = 4_000
const IS_STUCK = /This worker is stuck/

test('a worker whose loop stands still says so, is shown as stuck, and ends to be restarted', async () => {
  const { env, api, worker, proxy } = await rollcall()
  expect(await reasons(api)).toEqual([])
  expect(await exitOfHealthCheck(env)).toBe(0)

  // The connection on which the loop waits for jobs falls silent, and none can be made in its place. All others are fine:
  // the worker beats, renews and sweeps as if nothing were wrong.
  proxy.silence('bzpopmin')
  const answer = api.refresh(usernames(5))
  await worker.waitForLine(IS_STUCK)
  await expect.poll(() => reasons(api)).toEqual([expect.stringMatching(/^worker-.* is stuck/)])
  expect(await exitOfHealthCheck(env)).toBe(1)

  expect(await worker.exited).toEqual({ code: 1, signal: null })
  expect(worker.logged(IS_STUCK)).toHaveLength(1)
  await spawnWorker(env) // as whoever supervises it does
  expect((await answer).body).toMatchObject({ updated: 5, errors: 0 })
})

test('a worker that waits, or has all its places taken, or was stopped for a while, is not stuck', async () => {
  const { env, backend, api, worker } = await rollcall()
  const redis = new Redis(env.REDIS_URL)
  onTestFinished(() => redis.disconnect())
  const waiting = () => redis.zcard(`${shardKeys(0).prefix}:refresh:prioritized`)

  const held = backend.hold('*')
  const answer = api.refresh(usernames(20))
  await expect.poll(waiting).toBeGreaterThan(0) // all places are taken by fetches that do not end
  await delay(1.5 * STUCK_MS)
  worker.kill('SIGSTOP')
  await delay(1.5 * STUCK_MS)
  worker.kill('SIGCONT')
  held.release()
  expect((await answer).body).toMatchObject({ updated: 20, errors: 0 })
  await delay(1.5 * STUCK_MS) // idle
  expect(worker.logged(IS_STUCK)).toEqual([])
  expect(await reasons(api)).toEqual([])
})

async function rollcall() {
  const backend = await startBackend()
  onTestFinished(backend.close)
  const redisUrl = new URL(await freshRedisUrl())
  const proxy = await tcpProxy(Number(redisUrl.port))
  const env = {
    REDIS_URL: redisUrl.href,
    HTTP_ROSTER_URL: backend.template,
    WORKER_STUCK_MS: String(STUCK_MS),
    WORKER_CONCURRENCY: '4',
    HEARTBEAT_MS: '200',
    BACKEND_TIMEOUT_MS: '20000',
  }
  const throughProxy = { ...env, REDIS_URL: `redis://127.0.0.1:${proxy.port}${redisUrl.pathname}` }
  const [api, worker] = await Promise.all([spawnApi(env), spawnWorker(throughProxy)])
  await expect.poll(() => reasons(api)).toEqual([])
  return { env, backend, proxy, api, worker }
}

const reasons = async (api: ApiProcess) => (await api.get('/health/ready')).body.reasons

async function exitOfHealthCheck(env: Record<string, string>): Promise<number | null> {
  const check: AppProcess = await spawnNode('worker-health', ['tools/dist/worker-health.js'], env)
  return (await check.exited).code
}
