import { expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../support/backend.ts'
import { ownRedis } from '../support/processes.ts'
import { startRollcall } from '../support/rollcall.ts'

const REDIS_TIMEOUT_MS = 300
/** Of the few round trips that a route may have begun, the first one ends it; a busy machine is slow besides. */
const ANSWERED_MS = 10 * REDIS_TIMEOUT_MS

test('while Redis hangs, every route of the dashboard says so soon, and goes on when it answers', async () => {
  const backend = await startBackend()
  const redis = await ownRedis()
  const rollcall = await startRollcall({
    rosterUrl: backend.template,
    redisUrl: redis.url,
    env: { REDIS_TIMEOUT_MS: String(REDIS_TIMEOUT_MS), SHARDS: '2' },
  })
  onTestFinished(async () => {
    await rollcall.stop()
    await backend.close()
  })
  const { body } = await rollcall.refresh(['john', 'mary'])
  const bodies: Record<string, unknown> = {
    '/tokens': { name: 'x', rights: ['view'], domains: '*' },
    '/domains/:domain/emptied': { action: 'confirm' },
  }
  const params = { ':jid': 'john', ':shard': '0', ':id': '1', ':domain': rollcall.config.defaultDomain }
  const askAll = () => {
    const routes = rollcall.api.opsRoutes.filter(({ path }) => !path.endsWith('/live'))
    return Promise.all(
      routes.map(async ({ method, path }) => {
        const at = performance.now()
        const ofRefresh = path.replace('/refreshes/:id', `/refreshes/${body.refresh}`)
        const named = Object.entries(params).reduce((all, [param, value]) => all.replace(param, value), ofRefresh)
        const answer = await rollcall.send(`/ops/api${named}`, {
          method: method.toUpperCase(),
          ...((method === 'post' || method === 'put') && { body: JSON.stringify(bodies[path] ?? {}) }),
        })
        return { path, status: answer.status, ms: performance.now() - at }
      }),
    )
  }
  process.kill(redis.pid, 'SIGSTOP')
  const meanwhile = await askAll().finally(() => process.kill(redis.pid, 'SIGCONT'))
  for (const { path, status, ms } of meanwhile) {
    expect([200, 503], path).toContain(status) // 200: what needs no Redis
    expect(ms, path).toBeLessThan(ANSWERED_MS)
  }
  expect(meanwhile.filter(({ status }) => status === 503).length).toBeGreaterThan(20)
  const isAsBefore = async () => (await askAll()).every(({ status }) => status < 500)
  await expect.poll(isAsBefore, { timeout: 10_000, interval: 200 }).toBe(true)
})
