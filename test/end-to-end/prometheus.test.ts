import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeToken } from '@rollcall/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { findPrometheus, repositoryRoot } from '../../tools/src/index.ts'
import { startBackend } from '../support/backend.ts'
import { startReceiver } from '../support/http-receiver.ts'
import { ownRedis, spawnApi, spawnApp } from '../support/processes.ts'
import { startPrometheus } from '../support/prometheus.ts'

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`

/** Bringing Prometheus takes a while, the first time. */
const LONG_MS = 180_000

async function world() {
  const [backend, redis, receiver] = await Promise.all([startBackend(), ownRedis(), startReceiver()])
  onTestFinished(() => backend.close())
  const { token, entry } = makeToken({ name: 'prometheus', rights: ['view', 'notify'], domains: '*' })
  const env = {
    REDIS_URL: redis.url,
    HTTP_ROSTER_URL: backend.template,
    TOKENS: JSON.stringify([entry]),
    TARGETS: JSON.stringify({ hook: { type: 'webhook', url: receiver.url, secret: SECRET } }),
    SHARDS: '3', // BullMQ describes its numbers once for each
    GATEWAY_PORT: '0',
    WORKER_PORT: '0',
    HEARTBEAT_MS: '500',
    BREAKER_FAILURES: '3',
    RETRY_BACKOFF_MS: '10',
  }
  const [api, worker, gateway] = await Promise.all([spawnApi(env), spawnApp('worker', env), spawnApp('gateway', env)])
  await Promise.all([worker, gateway].map((app) => app.waitForLine(/"msg":"Listening on/)))
  const url = (app: typeof worker): string => String(app.logged(/Listening on/)[0]?.url)
  const urls = { api: api.url, worker: url(worker), gateway: url(gateway) }
  return {
    backend,
    urls,
    token,
    async notify(usernames: readonly string[]): Promise<void> {
      const headers = { authorization: `Bearer ${token}` }
      await fetch(`${api.url}/roster_admin/refresh`, { method: 'POST', headers, body: JSON.stringify(usernames) })
    },
  }
}

test(
  'a Prometheus reads every process without a complaint, finds what the charts ask for, and tells of a backend that breaks',
  async () => {
    const { backend, urls, token, notify } = await world()
    await notify(['john', 'aaron'])
    const prometheus = await startPrometheus({ ...urls, token })
    const value = async (query: string): Promise<number | undefined> => {
      const [sample] = await prometheus.query(query)
      return sample && Number(sample.value[1])
    }

    await expect.poll(() => value('sum(up)')).toBe(3)
    // Prometheus drops what it cannot read without saying so: all series of each process have to be there.
    for (const [role, url] of Object.entries(urls)) {
      const samples = async () =>
        (await scrape(url, token)).split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
      const dropped = async () =>
        (await samples()) - ((await value(`scrape_samples_scraped{job="rollcall-${role}"}`)) ?? 0)
      await expect.poll(dropped).toBe(0)
    }
    await expect.poll(() => value('sum(rollcall_users_settled_total{outcome="changed"})')).toBe(2)
    await expect.poll(() => value('max(rollcall_processes{role="worker", state="alive"})')).toBe(1)
    expect(await prometheus.firing()).toEqual([])

    await backend.stop()
    await expect
      .poll(async () => {
        await notify(['john', 'aaron', 'marie', 'michael'])
        return prometheus.firing()
      })
      .toContain('RollcallBackendDown')
    await backend.start()
    await expect.poll(prometheus.firing, { timeout: 30_000 }).not.toContain('RollcallBackendDown')

    // Everything has happened by now that a chart shows: a refusal, too.
    expect((await fetch(`${urls.api}/contacts/john`)).status).toBe(401)
    const empty = async (): Promise<string[]> => {
      const asked = (await charts()).filter((expr) => !NOT_HERE.test(expr))
      const answers = await Promise.all(asked.map((expr) => prometheus.query(expr)))
      return asked.filter((_, i) => answers[i]?.length === 0)
    }
    await expect.poll(empty).toEqual([])
    expect(prometheus.complaints()).toEqual([])
  },
  LONG_MS,
)

test(
  'promtool finds nothing to say about what is exported, but for names that are not ours',
  async () => {
    const { urls, token, notify } = await world()
    await notify(['john'])
    const { promtool } = await findPrometheus()
    for (const url of Object.values(urls)) {
      const checked = spawnSync(promtool, ['check', 'metrics'], { input: await scrape(url, token), encoding: 'utf8' })
      const said = (checked.stdout + checked.stderr).split('\n').filter((line) => line !== '')
      expect(said.filter((line) => !/^(?:nodejs|bullmq|process)_/.test(line))).toEqual([])
    }
  },
  LONG_MS,
)

/** The Redis of this test has no bound. */
const NOT_HERE = /rollcall_redis_memory_limit_bytes/

async function scrape(url: string, token: string): Promise<string> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })
  expect(response.status).toBe(200)
  return response.text()
}

/** What the charts of the dashboard for Grafana ask, for all domains. */
async function charts(): Promise<string[]> {
  const text = await readFile(join(repositoryRoot, 'deploy/grafana/rollcall.json'), 'utf8')
  const { panels } = JSON.parse(text) as { panels: { targets?: { expr: string }[] }[] }
  return panels
    .flatMap(({ targets = [] }) => targets)
    .map(({ expr }) => expr.replaceAll('$__rate_interval', '1m').replaceAll('$domain', '.*'))
}
