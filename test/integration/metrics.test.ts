import { METRICS, makeToken } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { send } from '../support/http.ts'
import { ownRedis } from '../support/processes.ts'
import { ASKED_ONCE, rollcallOfTest } from '../support/rollcall.ts'

const at = rollcallOfTest()
const { start } = at

/** The value of a series as it is written; undefined: there is none. */
async function valuesAt(url: string): Promise<(series: string) => number | undefined> {
  const { text } = await send(`${url}/metrics`)
  const values = new Map(
    text.split('\n').flatMap((line): [string, number][] => {
      const space = line.lastIndexOf(' ')
      return line === '' || line.startsWith('#') ? [] : [[line.slice(0, space), Number(line.slice(space + 1))]]
    }),
  )
  return (series) => values.get(series)
}

/** The values when these have come to be: a job ends after whoever waits for its user has been told. */
async function valuesOnce(url: string, expected: Readonly<Record<string, number>>) {
  const isSo = async () => {
    const value = await valuesAt(url)
    return Object.fromEntries(Object.keys(expected).map((series) => [series, value(series)]))
  }
  await expect.poll(isSo).toEqual(expected)
  return valuesAt(url)
}

test('an api counts refreshes, reads and what it refused, and tells what there is of all', async () => {
  await start({ env: { ...ASKED_ONCE, JOB_ATTEMPTS: '1' } })
  at.backend.set('broken', 400)
  await at.rollcall.refresh(['john', 'mary', 'broken'])
  await at.rollcall.refresh(['broken'])
  await at.rollcall.refresh('no list')
  await at.rollcall.send('/contacts/john')
  await at.rollcall.send('/contacts/at-login')
  at.backend.set('john', 400)
  await at.rollcall.refresh(['john'])
  await at.rollcall.send('/contacts/john')
  await at.rollcall.send('/contacts/broken')
  const value = await valuesOnce(at.rollcall.api.url, { 'bullmq_job_failed_total{queue="refresh", shard="0"}': 4 })
  expect(value('rollcall_refreshes_total{result="done"}')).toBe(1)
  expect(value('rollcall_refreshes_total{result="failed"}')).toBe(2)
  expect(value('rollcall_refresh_seconds_count')).toBe(3)
  expect(value('rollcall_users_asked_total')).toBe(5)
  expect(value('rollcall_refused_total{status="400"}')).toBe(1)
  expect(value('rollcall_refused_total{status="503"}')).toBe(1)
  expect(value('rollcall_reads_total{result="stored"}')).toBe(1)
  expect(value('rollcall_reads_total{result="fetched"}')).toBe(1)
  expect(value('rollcall_reads_total{result="stale"}')).toBe(1)
  expect(value('rollcall_reads_total{result="failed"}')).toBe(1)
  expect(value('rollcall_users_stored')).toBe(3)
  expect(value('rollcall_users_failed')).toBe(2)
  expect(value('rollcall_users_open')).toBe(0)
  expect(value('rollcall_oldest_open_seconds')).toBe(0)
  expect(value('rollcall_redis_up')).toBe(1)
  expect(value('rollcall_redis_memory_bytes')).toBeGreaterThan(100_000)
  expect(value('rollcall_redis_memory_limit_bytes')).toBeUndefined() // there is none
  expect(value('rollcall_rosters_held{domain="localhost"}')).toBe(0)
  expect(value('rollcall_processes{role="worker",state="alive"}')).toBe(1)
  expect(value('rollcall_processes{role="gateway",state="alive"}')).toBe(0)
  expect(value('bullmq_job_count{queue="refresh", state="failed", shard="0"}')).toBe(4)
  expect(value('bullmq_job_completed_total{queue="refresh", shard="0"}')).toBe(3)
})

test('who waits is counted, and for how long', async () => {
  await start({ workers: 0, env: { REFRESH_DEADLINE_MS: '100' } })
  await at.rollcall.refresh(['john', 'mary'])
  await expect
    .poll(async () => (await valuesAt(at.rollcall.api.url))('rollcall_oldest_open_seconds'))
    .toBeGreaterThan(1)
  const value = await valuesAt(at.rollcall.api.url)
  expect(value('rollcall_refreshes_total{result="pending"}')).toBe(1)
  expect(value('rollcall_users_open')).toBe(2)
  expect(value('rollcall_processes{role="worker",state="alive"}')).toBe(0)
})

test('a worker counts what it fetched and how users settled', async () => {
  await start({ workers: 0, env: { ...ASKED_ONCE, JOB_ATTEMPTS: '2', RETRY_BACKOFF_MS: '10' } })
  const { url } = await at.rollcall.startWorker({ WORKER_PORT: '0' })
  at.backend.set('broken', 500)
  await at.rollcall.refresh(['john', 'mary', 'broken'])
  await at.rollcall.refresh(['john'])
  const value = await valuesOnce(url ?? '', { 'rollcall_jobs_total{shard="0"}': 4, rollcall_jobs_in_hand: 0 })
  const settled = (outcome: string) => value(`rollcall_users_settled_total{domain="localhost",outcome="${outcome}"}`)
  expect(settled('changed')).toBe(2)
  expect(settled('unchanged')).toBe(1)
  expect(settled('backend-status')).toBe(1)
  expect(value('rollcall_notice_to_settled_seconds_count')).toBe(4)
  expect(value('rollcall_notice_to_settled_seconds_bucket{le="10"}')).toBe(4)
  expect(value('rollcall_fetches_total{domain="localhost",result="answered"}')).toBe(3)
  expect(value('rollcall_fetches_total{domain="localhost",result="failed"}')).toBe(2)
  expect(value('rollcall_fetch_seconds_count{domain="localhost"}')).toBe(5)
  expect(value('rollcall_retries_total{domain="localhost"}')).toBe(1)
  expect(value('rollcall_loops_stuck')).toBe(0)
  expect(value('rollcall_backend_broken{domain="localhost"}')).toBe(0)
  expect((await send(`${url}/health/live`)).status).toBe(200)
  expect((await send(`${url}/health/ready`)).json()).toEqual({ status: 'ok', reasons: [] })
})

test('a backend that is given up is told by the worker', async () => {
  await start({ workers: 0, env: { JOB_ATTEMPTS: '1', BREAKER_FAILURES: '3' } })
  const { url } = await at.rollcall.startWorker({ WORKER_PORT: '0' })
  at.backend.set('*', 500)
  await at.rollcall.refresh(['a', 'b', 'c', 'd'])
  await expect.poll(async () => (await valuesAt(url ?? ''))('rollcall_backend_broken{domain="localhost"}')).toBe(1)
})

test('what nobody waits for is settled, but says nothing of how long users wait', async () => {
  await start({ workers: 0, env: { MAX_ROSTER_AGE_S: '1', UPKEEP_INTERVAL_MS: '200' } })
  const { url } = await at.rollcall.startWorker({ WORKER_PORT: '0' })
  await at.rollcall.refresh(['john'])
  await expect
    .poll(async () =>
      (await valuesAt(url ?? ''))('rollcall_users_settled_total{domain="localhost",outcome="unchanged"}'),
    )
    .toBeGreaterThan(0)
  expect((await valuesAt(url ?? ''))('rollcall_notice_to_settled_seconds_count')).toBe(1)
})

test('while Redis is away an api says so, and nothing of what it cannot know', async () => {
  const redis = await ownRedis()
  await start({ redisUrl: redis.url, workers: 0, env: { REDIS_TIMEOUT_MS: '1000' } })
  await redis.stop()
  await expect.poll(async () => (await valuesAt(at.rollcall.api.url))('rollcall_redis_up')).toBe(0)
  const value = await valuesAt(at.rollcall.api.url)
  expect(value('rollcall_users_stored')).toBeUndefined()
  expect(value('rollcall_callers_waiting')).toBe(0)
})

test('every name is described once, and all that is documented is there', async () => {
  await start({ workers: 0, env: { SHARDS: '3' } })
  const worker = await at.rollcall.startWorker({ WORKER_PORT: '0' })
  const gateway = await at.rollcall.startGateway()
  await at.rollcall.refresh(['john', 'mary', 'aaron', 'zoe'])
  const urls = { api: at.rollcall.api.url, worker: worker.url ?? '', gateway: gateway.url }
  for (const [role, url] of Object.entries(urls)) {
    const { headers, text } = await send(`${url}/metrics`)
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    const described = [...text.matchAll(/^# HELP (\S+)/gm)].map(([, name]) => name ?? '')
    expect(new Set(described).size).toBe(described.length)
    const ours = described.filter((name) => name.startsWith('rollcall_'))
    expect(ours).toEqual(
      Object.values(METRICS).flatMap(({ name, of }) => (of.some((one) => one === role) ? [name] : [])),
    )
  }
})

test('with tokens, the numbers of an api are for who may view', async () => {
  const made = (rights: readonly ('notify' | 'read' | 'view')[]) =>
    makeToken({ name: rights.join(), rights, domains: '*' })
  const [prometheus, app] = [made(['view']), made(['notify', 'read'])]
  await start({ workers: 0, env: { TOKENS: JSON.stringify([prometheus.entry, app.entry]) } })
  const asked = (token: string) => at.rollcall.send('/metrics', { headers: { authorization: `Bearer ${token}` } })
  expect((await at.rollcall.send('/metrics')).status).toBe(401)
  expect((await asked(app.token)).status).toBe(403)
  expect((await asked(prometheus.token)).status).toBe(200)
})
