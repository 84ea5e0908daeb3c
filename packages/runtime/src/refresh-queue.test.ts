import type { BareJid } from '@rollcall/roster'
import { type Job, Queue, UnrecoverableError, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freshRedisUrl } from '../../../test/support/fresh-redis.ts'
import { QUEUE_NAME, shardKeys, shardOf } from './keys.ts'
import { PRIORITY, type RefreshJob, type RefreshQueue, refreshQueue } from './refresh-queue.ts'

const TOKEN = 'token-of-the-test'
const PRODUCER = 'api-of-the-test'
const jid = (username: string) => `${username}@example.org` as BareJid
const john = jid('john')
const marie = jid('marie')

let redis: Redis
let waiting: Redis
let queue: RefreshQueue
/** Takes a job only when it is told to. */
let worker: Worker<RefreshJob>

beforeAll(async () => {
  const url = await freshRedisUrl()
  redis = new Redis(url)
  waiting = new Redis(url, { maxRetriesPerRequest: null })
  worker = handWorker(0)
  queue = refreshQueue({ redis, shards: 1, producer: PRODUCER, attempts: 3, backoffMs: 60_000 })
  await redis.ping()
})
beforeEach(() => redis.flushdb())
afterAll(async () => {
  await worker.close()
  await queue.close()
  for (const connection of [redis, waiting]) connection.disconnect()
})

function handWorker(shard: number): Worker<RefreshJob> {
  return new Worker<RefreshJob>(QUEUE_NAME, null, {
    connection: waiting,
    prefix: shardKeys(shard).prefix,
    autorun: false,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  })
}

const next = (from = worker): Promise<Job<RefreshJob> | undefined> => from.getNextJob(TOKEN, { block: false })

async function taken(): Promise<Job<RefreshJob>> {
  const job = await next()
  if (!job) throw new Error('No job waits')
  return job
}

const finish = (job: Job<RefreshJob>) => job.moveToCompleted('', TOKEN, false)

/** Takes and ends all jobs that wait; whose they were, in their order. */
async function drained(): Promise<BareJid[]> {
  const users: BareJid[] = []
  for (let job = await next(); job; job = await next()) {
    users.push(job.data.user)
    await finish(job)
  }
  return users
}

describe('G3: one job waits per user', () => {
  test('more users than one call of BullMQ takes are all queued, in their order', async () => {
    const users = Array.from({ length: 120 }, (_, i) => jid(`user-${i}`))
    await queue.enqueue(users, PRIORITY.bulk)
    expect(await drained()).toEqual(users)
  })

  test('a user who waits is not queued twice, within a call and across calls', async () => {
    await queue.enqueue([john, john, marie], PRIORITY.bulk)
    await queue.enqueue([john], PRIORITY.bulk)
    await queue.enqueue([marie], PRIORITY.small)
    expect((await drained()).sort()).toEqual([john, marie])
  })

  test('a user whose fetch runs is fetched once more, however often he is asked for', async () => {
    await queue.enqueue([john], PRIORITY.bulk)
    const running = await taken()
    for (let i = 0; i < 5; i++) await queue.enqueue([john], i % 2 === 0 ? PRIORITY.bulk : PRIORITY.small)
    expect(await next()).toBeUndefined()
    await finish(running)
    expect(await drained()).toEqual([john])
  })

  test('so it is when the fetch that runs fails for good', async () => {
    await queue.enqueue([john], PRIORITY.bulk)
    const running = await taken()
    await queue.enqueue([john], PRIORITY.bulk)
    await running.moveToFailed(new UnrecoverableError('it failed'), TOKEN, false)
    expect(await drained()).toEqual([john])
  })

  test('a user who waits for another attempt is not queued twice', async () => {
    await queue.enqueue([john], PRIORITY.bulk)
    await (await taken()).moveToFailed(new Error('try again'), TOKEN, false)
    await queue.enqueue([john], PRIORITY.bulk)
    expect(await redis.zcard(`${shardKeys(0).prefix}:${QUEUE_NAME}:delayed`)).toBe(1)
    expect(await redis.zcard(`${shardKeys(0).prefix}:${QUEUE_NAME}:prioritized`)).toBe(0)
  })

  test('a user whose job has ended can be queued again', async () => {
    for (let i = 0; i < 3; i++) {
      await queue.enqueue([john], PRIORITY.small)
      expect(await drained()).toEqual([john])
    }
  })
})

describe('priorities', () => {
  test('a login goes before a small refresh, that before a bulk, that before repairs', async () => {
    await queue.enqueue([jid('repair')], PRIORITY.repair)
    await queue.enqueue([jid('bulk1'), jid('bulk2')], PRIORITY.bulk)
    await queue.enqueue([jid('small')], PRIORITY.small)
    await queue.enqueue([jid('login')], PRIORITY.login)
    expect(await drained()).toEqual(['login', 'small', 'bulk1', 'bulk2', 'repair'].map(jid))
  })

  test.each([
    ['login', PRIORITY.login],
    ['small refresh', PRIORITY.small],
  ])('a user who waits behind a bulk is moved forward by a %s', async (_, priority) => {
    const bulk = Array.from({ length: 20 }, (_, i) => jid(`bulk${i}`))
    await queue.enqueue([...bulk, john], PRIORITY.bulk)
    await queue.enqueue([john], priority)
    expect((await drained())[0]).toBe(john)
  })

  test.each([
    ['bulk refresh', PRIORITY.bulk],
    ['small refresh', PRIORITY.small],
  ])('a user who waits for a repair is moved forward by a %s', async (_, priority) => {
    const others = Array.from({ length: 20 }, (_, i) => jid(`repair${i}`))
    await queue.enqueue([...others, john], PRIORITY.repair)
    await queue.enqueue([marie, john], priority)
    expect((await drained()).slice(0, 2).sort()).toEqual([john, marie])
  })

  test('a login does not wait until a user who was put back is due again', async () => {
    await queue.enqueue([john], PRIORITY.bulk)
    await (await taken()).moveToDelayed(Date.now() + 60_000, TOKEN)
    await queue.enqueue([john, marie], PRIORITY.small)
    expect(await drained()).toEqual([marie])
    await queue.enqueue([john], PRIORITY.login)
    expect(await drained()).toEqual([john])
  })

  test('nobody is moved back', async () => {
    await queue.enqueue([john], PRIORITY.login)
    await queue.enqueue([marie], PRIORITY.small)
    await queue.enqueue([john, marie], PRIORITY.bulk)
    await queue.enqueue([john], PRIORITY.small)
    expect((await taken()).priority).toBe(PRIORITY.login)
    expect((await taken()).priority).toBe(PRIORITY.small)
  })

  test('a user whose fetch runs goes first when it has ended', async () => {
    await queue.enqueue([john], PRIORITY.bulk)
    const running = await taken()
    await queue.enqueue([marie], PRIORITY.bulk)
    await queue.enqueue([john], PRIORITY.small)
    await finish(running)
    expect(await drained()).toEqual([john, marie])
  })
})

describe('what a job is made of', () => {
  const odd = ['12345', 'a#b', '__proto__', '*', '{x}', 'constructor', '0', 'a%2fb', '日本', 'a?x=1']

  test.each([
    ['small', PRIORITY.small],
    ['bulk', PRIORITY.bulk],
  ])('users of any name are queued once each by a %s refresh', async (_, priority) => {
    const users = odd.map(jid)
    await queue.enqueue(users, priority)
    await queue.enqueue(users, priority)
    expect((await drained()).sort()).toEqual([...users].sort())
  })

  test('its id is never a username', async () => {
    await queue.enqueue([jid('12345')], PRIORITY.small)
    await queue.enqueue([jid('67890')], PRIORITY.bulk)
    expect((await taken()).id).toBe(`${PRODUCER}-${await producedSoFar()}`)
    expect((await taken()).id).not.toContain('67890')
  })

  test('its lock is where the script that settles failures looks for it', async () => {
    for (const priority of [PRIORITY.small, PRIORITY.bulk]) {
      await queue.enqueue([john], priority)
      const job = await taken()
      expect(await redis.get(shardKeys(0).jobLock(job.id ?? ''))).toBe(TOKEN)
      await finish(job)
      expect(await redis.get(shardKeys(0).jobLock(job.id ?? ''))).toBeNull()
    }
  })

  test('it has the attempts of the configuration, and an end', async () => {
    await queue.enqueue([john], PRIORITY.bulk)
    const job = await taken()
    expect(job.opts).toMatchObject({ attempts: 3, backoff: { type: 'exponential', delay: 60_000 } })
    expect(job.data).toEqual({ user: john })
    await finish(job)
    expect(await redis.exists(`${shardKeys(0).prefix}:${QUEUE_NAME}:${job.id}`)).toBe(0)
  })

  /** The ids of a producer count up, over all tests of this file. */
  async function producedSoFar(): Promise<number> {
    await queue.enqueue([marie], PRIORITY.login)
    const job = await taken()
    return Number(job.id?.slice(PRODUCER.length + 1)) - 1
  }
})

test('each user is queued in the queue of his shard', async () => {
  const shards = 3
  const sharded = refreshQueue({ redis, shards, producer: PRODUCER, attempts: 1, backoffMs: 1 })
  const users = Array.from({ length: 30 }, (_, i) => jid(`user${i}`))
  await sharded.enqueue(users, PRIORITY.bulk)
  for (let shard = 0; shard < shards; shard++) {
    const ofShard = handWorker(shard)
    const found: BareJid[] = []
    for (let job = await next(ofShard); job; job = await next(ofShard)) found.push(job.data.user)
    expect(found).toEqual(users.filter((user) => shardOf(user, shards) === shard))
    await ofShard.close()
  }
  await sharded.close()
})

test('nobody to enqueue: nothing is done', async () => {
  await queue.enqueue([], PRIORITY.small)
  expect(await redis.dbsize()).toBe(0)
})

test('the jobs that could be taken: those that wait, and none while the queue is paused', async () => {
  expect(await queue.takeable(0)).toBe(0)
  await queue.enqueue([john, marie], PRIORITY.small)
  expect(await queue.takeable(0)).toBe(2)
  await taken()
  expect(await queue.takeable(0)).toBe(1)
  const bull = new Queue(QUEUE_NAME, { connection: waiting, prefix: shardKeys(0).prefix })
  await bull.pause()
  expect(await queue.takeable(0)).toBe(0)
  await bull.resume()
  expect(await queue.takeable(0)).toBe(1)
  await bull.close()
})

describe('jobs that a wrong clock has put off', () => {
  /** By somebody whose clock differs by so much. */
  async function putOff(user: BareJid, ms: number): Promise<void> {
    await queue.enqueue([user], PRIORITY.bulk)
    const job = await taken()
    await job.moveToDelayed(Date.now() + ms, TOKEN)
  }
  const HOUR = 3_600_000
  const MINUTE = 60_000

  test('run at once, whether the clock was fast or slow', async () => {
    await putOff(john, HOUR)
    await redis.zadd(
      `${shardKeys(0).prefix}:${QUEUE_NAME}:delayed`,
      'XX',
      (Date.now() - HOUR) * 0x1000,
      await onlyDelayed(),
    )
    await putOff(marie, HOUR)
    await queue.bringForward(0, MINUTE)
    expect((await drained()).sort()).toEqual([john, marie])
  })

  test('but not those that wait for a while, as they should', async () => {
    await putOff(john, MINUTE / 2)
    await queue.bringForward(0, MINUTE)
    expect(await drained()).toEqual([])
  })

  test('a later bulk refresh of the user does not bring them forward by itself', async () => {
    await putOff(john, HOUR)
    await queue.enqueue([john], PRIORITY.bulk)
    expect(await drained()).toEqual([])
    await queue.bringForward(0, MINUTE)
    expect(await drained()).toEqual([john])
  })

  const onlyDelayed = async () =>
    (await redis.zrange(`${shardKeys(0).prefix}:${QUEUE_NAME}:delayed`, '0', '-1'))[0] ?? ''
})
