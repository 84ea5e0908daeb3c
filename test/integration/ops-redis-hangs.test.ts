import { expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../support/backend.ts'
import { ownRedis } from '../support/processes.ts'
import { startRollcall } from '../support/rollcall.ts'

const REDIS_TIMEOUT_MS = 1_000

test('while Redis hangs, every route of the dashboard says so, and goes on when it answers', async () => {
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
        const ofRefresh = path.replace('/refreshes/:id', `/refreshes/${body.refresh}`)
        const named = Object.entries(params).reduce((all, [param, value]) => all.replace(param, value), ofRefresh)
        const answer = await rollcall.send(`/ops/api${named}`, {
          method: method.toUpperCase(),
          ...((method === 'post' || method === 'put') && { body: JSON.stringify(bodies[path] ?? {}) }),
        })
        return { path, status: answer.status }
      }),
    )
  }
  process.kill(redis.pid, 'SIGSTOP') // until all have been answered
  const meanwhile = await askAll().finally(() => process.kill(redis.pid, 'SIGCONT'))
  for (const { path, status } of meanwhile) expect([200, 503], path).toContain(status) // 200: what needs no Redis
  expect(meanwhile.filter(({ status }) => status === 503).length).toBeGreaterThan(20)
  const isAsBefore = async () => (await askAll()).every(({ status }) => status < 500)
  await expect.poll(isAsBefore, { interval: 200 }).toBe(true)
})
