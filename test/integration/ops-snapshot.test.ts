import { setTimeout as delay } from 'node:timers/promises'
import { type Domain, OpsHistory, OpsSnapshot } from '@rollcall/roster'
import { makeToken } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { untilMinuteIsYoung } from '../support/emptied-minute.ts'
import { listenTo } from '../support/event-source.ts'
import { ownRedis } from '../support/processes.ts'
import { rollcallOfTest } from '../support/rollcall.ts'

const at = rollcallOfTest()
const { start } = at
const snapshot = async (): Promise<OpsSnapshot> =>
  OpsSnapshot.parse((await at.rollcall.send('/ops/api/snapshot')).json())
const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`

test('a snapshot says what is stored, who failed, and who works', async () => {
  await start()
  at.backend.set('broken', 400)
  await at.rollcall.refresh(['john', 'mary', 'broken'])
  await expect.poll(snapshot).toMatchObject({ storedUsers: 2, failedUsers: 1, openUsers: 0 })
  const now = await snapshot()
  expect(now.health).toEqual({ status: 'ok', troubles: [] })
  expect(now.redis).toMatchObject({ isReachable: true, kind: 'one' })
  expect(now.redis.usedMemoryBytes).toBeGreaterThan(100_000)
  expect(now.processes.map(({ role, state }) => [role, state])).toEqual([
    ['api', 'alive'],
    ['worker', 'alive'],
  ])
  expect(now.processes[0]).toMatchObject({ pid: process.pid, reasons: [], rssBytes: expect.any(Number) })
  expect(now.queues).toMatchObject([{ shard: 0, isPaused: false, waiting: 0, failed: 1 }])
  expect(now.backends).toMatchObject([{ domain: 'localhost' }])
})

test('what went on in the last minutes is told: how much, how fast, and what failed', async () => {
  await start({ env: { JOB_ATTEMPTS: '1' } })
  const redis = new Redis(at.rollcall.redisUrl)
  onTestFinished(() => redis.disconnect())
  await untilMinuteIsYoung(redis) // of one that is over, less and less counts
  at.backend.set('broken', 400)
  await at.rollcall.refresh(['john', 'mary', 'broken'])
  await at.rollcall.send('/contacts/john')
  const perMinute = (count: number) => expect.closeTo(count / 60, 2)
  // Processes write down what they have counted, each for itself, and some of it with the next write.
  await expect.poll(snapshot).toMatchObject({
    rates: {
      usersPerSecond: perMinute(3),
      changedPerSecond: perMinute(2),
      failedPerSecond: perMinute(1),
      readsPerSecond: perMinute(1),
    },
    errors: [{ code: 'backend-status', count: 1, share: 1 / 3 }],
    backends: [{ domain: 'localhost', state: 'ok', errorShare: 0.333 }],
    queues: [{ perSecond: perMinute(3) }],
  })
  const { latency, backends } = await snapshot()
  expect(latency.p50Ms).toBeGreaterThan(0)
  expect(latency.p99Ms).toBeLessThan(60_000)
  expect(backends[0]?.latency?.p95Ms).toBeGreaterThan(0)

  const charts = async () => OpsHistory.parse((await at.rollcall.send('/ops/api/history?range=6h')).json())
  const sum = (series: readonly (number | null)[] = []) => series.reduce<number>((all, one) => all + (one ?? 0), 0)
  // A minute is not shown before it has run for some seconds.
  await expect.poll(async () => sum((await charts()).users)).toBeGreaterThan(0)
  const past = await charts()
  expect([359, 360]).toContain(past.at.length)
  expect(Object.keys(past.errors)).toEqual(['backend-status'])
  expect(sum(past.latency.p50Ms)).toBeGreaterThan(0)
  expect(sum(past.fetchP95Ms['localhost' as keyof typeof past.fetchP95Ms])).toBeGreaterThan(0)
  expect(sum(past.redisMemoryBytes)).toBeGreaterThan(100_000)
  expect((await at.rollcall.send('/ops/api/history?range=2h')).status).toBe(400)
})

test('a backend that answers badly is told of before anybody gives it up', async () => {
  await start({ env: { JOB_ATTEMPTS: '1', HEARTBEAT_MS: '100', BREAKER_FAILURES: '100' } })
  at.backend.set('*', 500)
  await at.rollcall.refresh(['a', 'b', 'c', 'd', 'e', 'f'])
  await expect.poll(snapshot).toMatchObject({
    health: {
      status: 'degraded',
      troubles: [
        {
          text: expect.stringMatching(/^The backend of localhost does not answer well: 6 of the last 6/),
          place: { view: 'failures', domain: 'localhost' },
        },
      ],
    },
    backends: [{ state: 'failing' }],
  })
})

test('a backend that knows nobody any more is told of: it may be the wrong one', async () => {
  await start({ env: { HEARTBEAT_MS: '100' } })
  at.backend.set('*', 404)
  await at.rollcall.refresh(Array.from({ length: 25 }, (_, i) => `user-${i}`))
  const text = expect.stringMatching(
    /^The backend of localhost does not answer well: (\d+) of the last \1 fetches were for users/,
  )
  await expect.poll(snapshot).toMatchObject({
    health: { status: 'degraded', troubles: [{ text, place: { view: 'failures', domain: 'localhost' } }] },
    backends: [{ state: 'failing' }],
  })
})

test('a backend that fails some is told of as long as it goes on, with the last reason', async () => {
  await start({ env: { HEARTBEAT_MS: '100' } })
  for (let i = 0; i < 6; i++) at.backend.set(`user-${i}`, 401)
  await at.rollcall.refresh(Array.from({ length: 40 }, (_, i) => `user-${i}`))
  const text = expect.stringMatching(/: \d+ of the last \d+ fetches failed, the last one with backend-status: .* 401$/)
  await expect.poll(snapshot).toMatchObject({ health: { status: 'degraded', troubles: [{ text }] } })
  await expect.poll(snapshot).toMatchObject({ health: { status: 'ok' } })
})

test('a backend that has asked for a pause is told of, and until when', async () => {
  await start({ env: { HEARTBEAT_MS: '100', REFRESH_DEADLINE_MS: '100' } })
  at.backend.set('*', [{ kind: 'raw', status: 429, headers: { 'retry-after': '10' } }, { kind: 'good' }])
  await at.rollcall.refresh(['john'])
  const until = /^Users of localhost wait: the backend is left alone until \d{4}-\d\d-\d\dT[\d:.]+Z, as it asked/
  await expect.poll(snapshot).toMatchObject({
    health: { status: 'degraded', troubles: [{ text: expect.stringMatching(until) }] },
    backends: [{ state: 'paused' }],
    openUsers: 1,
  })
  await expect.poll(snapshot).toMatchObject({ health: { status: 'ok' }, storedUsers: 1 })
})

test('a limit that users wait for is told of', async () => {
  await start({ env: { REFRESH_DEADLINE_MS: '100' } })
  const limits = { globalConcurrency: null, rateLimit: { max: 1, durationMs: 60_000 } }
  await at.rollcall.send('/ops/api/queues/all/limits', { method: 'PUT', body: JSON.stringify(limits) })
  await at.rollcall.refresh(['john', 'mary', 'jane'])
  const text = 'The queue is limited by hand (1 within 60 s): users wait for it'
  await expect
    .poll(snapshot)
    .toMatchObject({ health: { status: 'degraded', troubles: [{ text, place: { view: 'queues' } }] } })
})

test('what was counted survives a restart of everything', async () => {
  await start()
  await at.rollcall.refresh(['john'])
  await at.rollcall.stop()
  await start({ redisUrl: at.rollcall.redisUrl })
  expect((await snapshot()).rates.usersPerSecond).toBeGreaterThan(0)
})

test('refreshes that run are shown', async () => {
  await start({ workers: 0, env: { REFRESH_DEADLINE_MS: '50' } })
  await at.rollcall.refresh(['john', 'mary'])
  await expect.poll(async () => (await snapshot()).running).toMatchObject([{ state: 'running', total: 2, pending: 2 }])
})

test('who waits to be fetched is counted, with the age of the oldest', async () => {
  await start({ workers: 0, env: { REFRESH_DEADLINE_MS: '50' } })
  await at.rollcall.refresh(['john', 'mary'])
  await expect.poll(snapshot).toMatchObject({ openUsers: 2, health: { status: 'degraded' } })
  await expect.poll(async () => (await snapshot()).oldestOpenMs).toBeGreaterThan(500)
  expect((await snapshot()).queues).toMatchObject([{ prioritized: 2 }])
})

test('whoever listens is told at once, then when something changes, else that all is as it was', async () => {
  await start()
  const listener = await listenTo(`${at.rollcall.api.url}/ops/api/live`)
  const [first] = await listener.until((events) => events.length >= 1)
  expect(first?.event).toBe('snapshot')
  await listener.until((events) => events.some(({ event }) => event === 'alive'))
  await at.rollcall.refresh(['john'])
  await listener.until((events) =>
    events.some(({ event, data }) => event === 'snapshot' && OpsSnapshot.parse(JSON.parse(data)).storedUsers === 1),
  )
})

test('a process that goes without a word is named', async () => {
  await start()
  const worker = (await snapshot()).processes.find(({ role }) => role === 'worker')
  const redis = new Redis(at.rollcall.redisUrl)
  const silent = JSON.parse((await redis.get(`rollcall:process:${worker?.id}`)) ?? '{}')
  const gone = { ...silent, id: 'worker-silent', pid: 7, host: 'elsewhere' }
  await redis.set('rollcall:process:worker-silent', JSON.stringify(gone), 'PX', 113_000)
  await redis.zadd('rollcall:processes', 0, 'worker-silent')
  redis.disconnect()
  await expect.poll(async () => (await snapshot()).processes).toHaveLength(3)
  const { processes, health } = await snapshot()
  expect(processes[0]).toMatchObject({ id: 'worker-silent', state: 'silent' })
  expect(health.troubles[0]).toEqual({
    text: expect.stringMatching(/^worker-silent \(pid 7 on elsewhere\) was last heard of \d+ s ago/),
    place: { view: 'processes', role: 'worker' },
  })
})

test('who may look at some domains sees what is of these, and the numbers of all', async () => {
  const [all, some] = (['*', ['one.example' as Domain]] as const).map((domains) =>
    makeToken({ name: String(domains), rights: ['view'], domains }),
  )
  const file = {
    tokens: [all?.entry, some?.entry],
    domains: { 'one.example': { rosterUrl: at.backend.template }, 'two.example': { rosterUrl: at.backend.template } },
    defaultDomain: 'one.example',
    targets: {
      one: { type: 'webhook', url: 'http://127.0.0.1:1', secret: SECRET, domain: 'one.example' },
      two: { type: 'webhook', url: 'http://127.0.0.1:1', secret: SECRET, domain: 'two.example' },
    },
  }
  await start({ file, workers: 0 })
  const seen = async (token = '') => {
    const authorization = { authorization: `Bearer ${token}` }
    const { backends, targets } = OpsSnapshot.parse(
      (await at.rollcall.send('/ops/api/snapshot', { headers: authorization })).json(),
    )
    const listener = await listenTo(`${at.rollcall.api.url}/ops/api/live`, authorization)
    const [first] = await listener.until((events) => events.length > 0)
    const live = OpsSnapshot.parse(JSON.parse(first?.data ?? ''))
    expect([live.backends, live.targets]).toEqual([backends, targets])
    return [...backends.map(({ domain }) => domain), ...targets.map(({ target, state }) => `${target} ${state}`)]
  }
  expect(await seen(all?.token)).toEqual(['one.example', 'two.example', 'one unserved', 'two unserved'])
  expect(await seen(some?.token)).toEqual(['one.example', 'one unserved'])
})

test('nobody listens for longer than the api lives', async () => {
  await start({ env: { SHUTDOWN_DEADLINE_MS: '3600000' } }) // which would be waited for with whoever listens
  const listener = await listenTo(`${at.rollcall.api.url}/ops/api/live`)
  await at.rollcall.api.stop()
  await listener.ended
})

test('however many dashboards are open, everything is looked at once', async () => {
  const { url } = await ownRedis()
  await start({ redisUrl: url, env: { HEARTBEAT_MS: '60000', RECHECK_INTERVAL_MS: '60000' } })
  const redis = new Redis(url)
  /** Commands that Redis is given within a while. */
  const load = async (): Promise<number> => {
    const commands = async () => Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1] ?? 0)
    const before = await commands()
    await delay(4_000)
    return (await commands()) - before
  }
  const live = `${at.rollcall.api.url}/ops/api/live`
  await listenTo(live)
  const ofOne = await load()
  const more = await Promise.all(Array.from({ length: 45 }, () => listenTo(live)))
  const ofAll = await load()
  redis.disconnect()
  expect(ofOne).toBeGreaterThan(20)
  expect(ofAll).toBeLessThan(ofOne * 3) // a busy machine looks less often, now or then
  for (const listener of more) expect(listener.events[0]?.event).toBe('snapshot')
})
