import type { BareJid } from '@rollcall/roster'
import { createLog, type Notice, rosterStore, shardKeys, type UserState } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freshRedisUrl } from '../../../test/support/fresh-redis.ts'
import { LIMITS } from '../../../test/support/fresh-store.ts'
import { type Settlement, type Settlements, settlementOf, settlements } from './settlements.ts'

const JOHN = 'john@example.org' as BareJid
const MARY = 'mary@example.org' as BareJid
const EPOCH = 'this epoch'

const state = (part: Partial<UserState & { epoch: string }>) => ({
  wanted: 5,
  fetched: 0,
  failed: 0,
  version: 3,
  code: '' as const,
  message: '',
  epoch: EPOCH,
  ...part,
})

/** As settle.lua writes it. */
const noticeText = ({ jid, epoch, wanted, fetched, failed, version, code, message }: Notice) =>
  [jid, epoch, wanted, fetched, failed, version, code, message].join('\n')

describe('what a state means for whoever waits for generation 5, with version 3 stored', () => {
  const reset = { kind: 'failed', code: 'store-reset', message: expect.any(String) }
  const timeout = { code: 'backend-timeout', message: 'late' } as const

  test.each<[what: string, state: Parameters<typeof settlementOf>[0], newer: boolean, settlement: unknown]>([
    ['nothing has settled', state({}), true, null],
    ['an earlier fetch has ended well', state({ fetched: 4 }), true, null],
    ['an earlier fetch has failed', state({ failed: 4, ...timeout }), true, null],
    ['its fetch ended well, unchanged', state({ fetched: 5 }), true, { kind: 'updated', changed: false }],
    ['its fetch ended well, changed', state({ fetched: 5, version: 4 }), true, { kind: 'updated', changed: true }],
    ['a later fetch ended well', state({ fetched: 9, wanted: 9 }), false, { kind: 'updated', changed: false }],
    ['its fetch failed', state({ failed: 5, ...timeout }), false, { kind: 'failed', ...timeout }],
    [
      'its fetch ended well, a later one failed',
      state({ fetched: 5, failed: 6, ...timeout }),
      false,
      { kind: 'updated', changed: false },
    ],
    [
      'its fetch failed, a later one ended well',
      state({ failed: 5, fetched: 6, ...timeout }),
      false,
      { kind: 'updated', changed: false },
    ],
    ['another epoch, by a state that may be older', state({ epoch: 'before', fetched: 9 }), false, null],
    ['another epoch, by a newer state', state({ epoch: 'after', fetched: 9 }), true, reset],
    ['no epoch at all, by a newer state', state({ epoch: '', wanted: 0 }), true, reset],
    ['a generation that is not known, by a state that may be older', state({ wanted: 4 }), false, null],
    ['a generation that is not known, by a newer state', state({ wanted: 4 }), true, reset],
  ])('%s', (_what, given, newer, settlement) => {
    expect(settlementOf(given, { epoch: EPOCH, generation: 5, version: 3 }, newer)).toEqual(settlement)
  })
})

describe('a replica', () => {
  let redis: Redis
  let subscriber: Redis
  let waiting: Settlements
  const replica = () => `replica-of-db-${redis.options.db}`

  beforeEach(async () => {
    const url = await freshRedisUrl()
    redis = new Redis(url)
    subscriber = new Redis(url)
    // What a look finds: nothing has settled. Only messages can.
    await redis.set(shardKeys(0).epoch, EPOCH)
    for (const jid of [JOHN, MARY]) await redis.hset(shardKeys(0).user(jid), 'wanted', 6)
    waiting = settlements({
      subscriber,
      store: rosterStore({ redis, shards: 1, ...LIMITS }),
      shards: 1,
      replica: replica(),
      recheckIntervalMs: 600_000,
      log: createLog({ level: 'silent', name: 'test' }),
    })
    const channel = shardKeys(0).settledPrefix + replica()
    await expect.poll(() => redis.pubsub('NUMSUB', channel)).toEqual([channel, 1])
  })

  afterEach(() => {
    waiting.close()
    redis.disconnect()
    subscriber.disconnect()
  })

  const tell = (part: Parameters<typeof state>[0], jid = JOHN) =>
    redis.publish(shardKeys(0).settledPrefix + replica(), noticeText({ ...state(part), jid }))

  const expected = { epoch: EPOCH, generation: 5, version: 3 }

  test('hears a message that overtakes the answer to its own request', async () => {
    const settled = new Promise<Settlement>((settle) => {
      const waiter = waiting.watch(JOHN, settle)
      subscriber.once('message', () => waiting.expect(waiter, expected)) // the request is answered after the message
    })
    await tell({ fetched: 5 })
    expect(await settled).toEqual({ kind: 'updated', changed: false })
    expect(waiting.size()).toBe(0)
  })

  test('tells each of those who wait for a user when their own generation has settled', async () => {
    const told: string[] = []
    const wait = (name: string, generation: number) =>
      new Promise<void>((resolve) => {
        const waiter = waiting.watch(JOHN, ({ kind }) => {
          told.push(`${name} ${kind}`)
          resolve()
        })
        waiting.expect(waiter, { ...expected, generation })
      })
    const first = wait('first', 5)
    const second = wait('second', 6)
    await tell({ wanted: 6, failed: 5, code: 'backend-timeout' })
    await first
    expect(told).toEqual(['first failed'])
    expect(waiting.size()).toBe(1)
    await tell({ wanted: 6, failed: 5, fetched: 6 })
    await second
    expect(told).toEqual(['first failed', 'second updated'])
    expect(waiting.size()).toBe(0)
  })

  test('tells nobody who has stopped waiting, nor of users whom nobody waits for', async () => {
    let told = 0
    const waiter = waiting.watch(JOHN, () => told++)
    waiting.expect(waiter, expected)
    waiting.stop(waiter)
    const other = new Promise<Settlement>((settle) => {
      waiting.expect(waiting.watch(MARY, settle), expected)
    })
    await tell({ fetched: 5 })
    await tell({ fetched: 5 }, 'nobody@example.org' as BareJid)
    await tell({ fetched: 5 }, MARY)
    await other
    expect(told).toBe(0)
    expect(waiting.size()).toBe(0)
  })
})
