import type { OpsQueue, OpsTarget } from '@rollcall/roster'
import { expect, test } from 'vitest'
import { lagTroubles, memoryTrouble, waitTroubles } from './wait-troubles.ts'

const queue = (shard: number, more: Partial<OpsQueue> = {}): OpsQueue => ({
  shard,
  isPaused: false,
  waiting: 0,
  active: 0,
  delayed: 0,
  prioritized: 3,
  failed: 0,
  oldestWaitMs: 15_000,
  perSecond: 0,
  globalConcurrency: null,
  rateLimit: null,
  ...more,
})
const slow = { rateLimit: { max: 1, durationMs: 1_000 } }
const texts = (...args: Parameters<typeof waitTroubles>) => waitTroubles(...args).map(({ text }) => text)

test('who waits a while in a queue without limits is nothing to speak of', () => {
  expect(texts([queue(0)], 119_000)).toEqual([])
})

test('who waits for over two minutes is told of, by the minute', () => {
  expect(texts([queue(0)], 120_000)).toEqual(['Somebody has waited for over 2 min to be fetched'])
  expect(texts([queue(0)], 239_000)).toEqual(['Somebody has waited for over 3 min to be fetched'])
})

test('a limit that users wait for is told of, and leads to the queues', () => {
  expect(waitTroubles([queue(0, { ...slow, globalConcurrency: 5 })], 15_000)).toEqual([
    {
      text: 'The queue is limited by hand (5 at a time, 1 within 1 s): users wait for it',
      place: { view: 'queues' },
    },
  ])
})

test('a limit that holds up nobody is not', () => {
  expect(texts([queue(0, { ...slow, oldestWaitMs: 9_000 })], 9_000)).toEqual([])
  expect(texts([queue(0, { ...slow, isPaused: true })], 15_000)).toEqual([]) // the pause is told of
})

test('shards of one limit are told of together', () => {
  const queues = [queue(0, slow), queue(1, slow), queue(2), queue(3, { globalConcurrency: 2 })]
  expect(texts(queues, 15_000)).toEqual([
    'The queue of shards 0-1 is limited by hand (1 within 1 s): users wait for it',
    'The queue of shards 3 is limited by hand (2 at a time): users wait for it',
  ])
})

test('a target that is told late is told of once, by its slowest shard; one that takes nothing is told of elsewhere', () => {
  const shard = (target: string, lagMs: number, state: OpsTarget['state'] = 'following') =>
    ({ target, domain: 'example.org', state, lagMs }) as OpsTarget
  expect(
    lagTroubles([
      shard('crm', 61_000),
      shard('crm', 130_000, 'reconciling'),
      shard('prosody', 60_000),
      shard('ejabberd', 600_000, 'unavailable'),
    ]),
  ).toEqual([{ text: 'crm is told of changes over 2 min late', domain: 'example.org' }])
})

test.each([
  [
    'nearly full',
    { isReachable: true, memoryShare: 0.85 },
    /^Redis has filled 85 % of its memory \(maxmemory\): full, it/,
  ],
  ['as good as full', { isReachable: true, memoryShare: 0.98 }, /98 % .* refuses refreshes/],
  ['half full', { isReachable: true, memoryShare: 0.5 }, null],
  ['without a bound', { isReachable: true }, null],
  ['away', { isReachable: false, memoryShare: 0.85 }, null],
])('a Redis that is %s', (_what, redis, text) => {
  const told = memoryTrouble({ kind: 'one', ...redis })
  expect(told).toEqual(text === null ? [] : [{ text: expect.stringMatching(text) }])
})
