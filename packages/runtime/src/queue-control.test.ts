import type { BareJid } from '@rollcall/roster'
import { type Job, UnrecoverableError, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freshRedisUrl } from '../../../test/support/fresh-redis.ts'
import { QUEUE_NAME, shardKeys } from './keys.ts'
import { type QueueControl, queueControl } from './queue-control.ts'
import { PRIORITY, type RefreshJob, type RefreshQueue, refreshQueue } from './refresh-queue.ts'

const TOKEN = 'token-of-the-test'
const jid = (username: string) => `${username}@example.org` as BareJid
const numbered = (count: number) => Array.from({ length: count }, (_, i) => jid(`user-${i}`))
const [john, marie, aaron] = [jid('john'), jid('marie'), jid('aaron')]

let url: string
let redis: Redis
let queue: RefreshQueue
let control: QueueControl
const ends: (() => unknown)[] = []

beforeEach(async () => {
  url = await freshRedisUrl()
  redis = connect()
  await redis.ping()
  queue = refreshQueue({ redis, shards: 1, producer: 'api-of-the-test', attempts: 3, backoffMs: 60_000 })
  control = queueControl({ redis, shards: 2 })
})
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

function connect(): Redis {
  const connection = new Redis(url, { maxRetriesPerRequest: null })
  ends.push(() => connection.disconnect())
  return connection
}

/** Takes jobs of shard 0; by itself when there is something to do with them. */
function startWorker(process: ((job: Job<RefreshJob>) => Promise<unknown>) | null, concurrency = 10) {
  const worker = new Worker<RefreshJob>(QUEUE_NAME, process, {
    connection: connect(),
    prefix: shardKeys(0).prefix,
    autorun: process !== null,
    concurrency,
    drainDelay: 60, // only what wakes it makes it look
    removeOnComplete: { count: 0 },
  })
  ends.push(() => worker.close(true))
  return worker
}
const taken = async (worker: Worker<RefreshJob>): Promise<Job<RefreshJob>> => {
  const job = await worker.getNextJob(TOKEN, { block: false })
  if (!job) throw new Error('No job waits')
  return job
}

test('a queue says how it stands', async () => {
  const empty = { waiting: 0, active: 0, delayed: 0, prioritized: 0, failed: 0, oldestWaitMs: 0 }
  const free = { isPaused: false, globalConcurrency: null, rateLimit: null }
  expect(await control.state(1)).toEqual({ shard: 1, ...free, ...empty })
  await queue.enqueue(['a', 'b', 'c', 'd', 'e'].map(jid), PRIORITY.small)
  await queue.enqueue([jid('repair')], PRIORITY.repair)
  const worker = startWorker(null)
  await taken(worker)
  await (await taken(worker)).moveToFailed(new UnrecoverableError('it failed'), TOKEN, false)
  await (await taken(worker)).moveToFailed(new Error('try again'), TOKEN, false)
  await control.pause(0)
  await control.limit(0, { globalConcurrency: 7, rateLimit: { max: 3, durationMs: 500 } })
  expect(await control.state(0)).toEqual({
    shard: 0,
    isPaused: true,
    waiting: 0,
    active: 1,
    delayed: 1,
    prioritized: 3,
    failed: 1,
    oldestWaitMs: expect.any(Number),
    globalConcurrency: 7,
    rateLimit: { max: 3, durationMs: 500 },
  })
  expect(await control.paused()).toEqual([0])
  await control.resume(0)
  await control.limit(0, { globalConcurrency: null })
  expect(await control.state(0)).toMatchObject({ ...free, rateLimit: { max: 3 } })
  await control.limit(0, { rateLimit: null })
  expect(await control.state(0)).toMatchObject(free)
  expect(await control.paused()).toEqual([])
})

test('who has waited for longest is found, also behind others', async () => {
  await queue.enqueue([jid('repair')], PRIORITY.repair)
  await queue.enqueue([jid('bulk')], PRIORITY.bulk)
  const {
    rows: [repair],
  } = await control.jobs(0, 'prioritized', 1, 1)
  await redis.hset(`${shardKeys(0).prefix}:${QUEUE_NAME}:${repair?.id}`, 'timestamp', Date.now() - 3_600_000)
  await queue.enqueue([jid('login')], PRIORITY.login)
  const { oldestWaitMs } = await control.state(0)
  expect(oldestWaitMs).toBeGreaterThanOrEqual(3_600_000)
  expect(oldestWaitMs).toBeLessThan(3_660_000)
})

test('a paused queue gives nobody a job, and all when it goes on', async () => {
  const done: BareJid[] = []
  await control.pause(0)
  const worker = startWorker(async ({ data }) => done.push(data.user))
  await worker.waitUntilReady()
  await queue.enqueue(numbered(20), PRIORITY.small)
  expect(await worker.getNextJob(TOKEN, { block: false })).toBeUndefined()
  expect(await queue.takeable(0)).toBe(0)
  expect(done).toEqual([])
  await control.resume(0)
  await expect.poll(() => done.length).toBe(20)
})

test('no more jobs run at a time than are allowed, of however many workers; a larger bound holds at once', async () => {
  let running = 0
  let most = 0
  const finish: (() => void)[] = []
  const process = async () => {
    most = Math.max(most, ++running)
    await new Promise<void>((resolve) => finish.push(resolve))
    running--
  }
  await control.limit(0, { globalConcurrency: 1 })
  startWorker(process)
  startWorker(process)
  await queue.enqueue(numbered(12), PRIORITY.small)
  for (let i = 0; i < 5; i++) {
    await expect.poll(() => finish.length).toBe(1)
    expect(await queue.takeable(0)).toBe(0)
    finish.pop()?.()
  }
  expect(most).toBe(1)
  await expect.poll(() => running).toBe(1)
  await control.limit(0, { globalConcurrency: null })
  await expect.poll(() => running).toBe(7)
  for (const end of finish) end()
})

test('no more jobs begin within a time than are allowed; a limit that is taken away holds no longer', async () => {
  let begun = 0
  await control.limit(0, { rateLimit: { max: 3, durationMs: 600_000 } })
  const worker = startWorker(async () => void begun++, 1)
  await queue.enqueue(numbered(10), PRIORITY.small)
  await expect.poll(() => begun).toBe(3)
  await expect.poll(() => queue.takeable(0)).toBe(0)
  expect(await worker.getNextJob(TOKEN, { block: false })).toBeUndefined()
  await control.limit(0, { rateLimit: null })
  expect(await queue.takeable(0)).toBe(7)
  startWorker(async () => void begun++) // the first one may wait for the time that it was told, at most 30 s
  await expect.poll(() => begun).toBe(10)
})

test('a limit that is changed counts anew', async () => {
  let begun = 0
  await control.limit(0, { rateLimit: { max: 3, durationMs: 600_000 } })
  startWorker(async () => void begun++, 1)
  await queue.enqueue(numbered(10), PRIORITY.small)
  await expect.poll(() => begun).toBe(3)
  await control.limit(0, { rateLimit: { max: 3, durationMs: 100 } })
  startWorker(async () => void begun++)
  await expect.poll(() => begun).toBe(10)
})

test('jobs are listed in their order, page by page, and shown as they are', async () => {
  await queue.enqueue([john], PRIORITY.bulk)
  await queue.enqueue([marie], PRIORITY.login)
  await queue.enqueue([aaron], PRIORITY.small)
  const users = async (at: number, most: number) =>
    (await control.jobs(0, 'prioritized', at, most)).rows.map(({ user }) => user)
  expect(await users(0, 2)).toEqual([marie, aaron])
  expect(await users(2, 2)).toEqual([john])
  const {
    rows: [row],
    isWhole,
  } = await control.jobs(0, 'prioritized', 0, 1)
  expect(isWhole).toBe(true)
  expect(row).toEqual({ id: expect.any(String), user: marie, priority: 1, attempt: 0, createdAt: expect.any(String) })
  const job = await control.job(0, row?.id ?? '')
  expect(job).toMatchObject({ user: marie, state: 'prioritized', job: { data: { user: marie }, attemptsMade: 0 } })
  expect(await control.job(0, 'nobody')).toBe(null)
})

test('a job that is put off says until when, one that failed says why', async () => {
  await queue.enqueue([john, marie], PRIORITY.small)
  const worker = startWorker(null)
  await (await taken(worker)).moveToFailed(new Error('try again'), TOKEN, false)
  await (await taken(worker)).moveToFailed(new UnrecoverableError('it failed'), TOKEN, false)
  const {
    rows: [delayed],
    isWhole,
  } = await control.jobs(0, 'delayed', 0, 10)
  expect(isWhole).toBe(false)
  expect(delayed).toMatchObject({ user: john, attempt: 1, failedReason: 'try again' })
  const inMs = Date.parse(delayed?.dueAt ?? '') - Date.now()
  expect(inMs).toBeGreaterThan(20_000)
  expect(inMs).toBeLessThan(61_000)
  expect((await control.jobs(0, 'failed', 0, 10)).rows).toMatchObject([{ user: marie, failedReason: 'it failed' }])
  await queue.enqueue([aaron], PRIORITY.small)
  const later = await taken(worker)
  for (const now = Date.now(); Date.now() === now; ); // BullMQ orders them by the millisecond
  await later.moveToFailed(new UnrecoverableError('it failed later'), TOKEN, false)
  const { rows: failed } = await control.jobs(0, 'failed', 0, 10)
  expect(failed.map(({ user }) => user)).toEqual([aaron, marie])
  expect(await control.jobOf(0, john)).toEqual({
    id: delayed?.id,
    state: 'delayed',
    priority: 10,
    attempt: 1,
    createdAt: delayed?.createdAt,
    dueAt: delayed?.dueAt,
  })
  expect(await control.jobOf(0, marie)).toBe(null)
})
