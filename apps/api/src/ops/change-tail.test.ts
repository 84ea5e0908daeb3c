import type { BareJid } from '@rollcall/roster'
import type { ShardEntry } from '@rollcall/runtime'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { changeTail } from './change-tail.ts'

const EVERY_MS = 500
const SHARDS = 2
const diff = JSON.stringify({ added: [], updated: [], removed: [], counts: { added: 0, updated: 0, removed: 0 } })

/** The logs of two shards, and how often they were read. */
let logs: ShardEntry[][]
let reads: number
let isAway: boolean

const changes = {
  async end(shard: number) {
    if (isAway) throw new Error('Redis is away')
    return { id: logs[shard]?.at(-1)?.id ?? '0-0', added: logs[shard]?.length ?? 0 }
  },
  async after(shard: number, id: string, most: number) {
    reads++
    if (isAway) throw new Error('Redis is away')
    const log = logs[shard] ?? []
    return log.slice(log.findIndex((entry) => entry.id === id) + 1).slice(0, most)
  },
}

beforeEach(() => {
  vi.useFakeTimers()
  logs = [[], []]
  reads = 0
  isAway = false
})
afterEach(() => vi.useRealTimers())

const write = (shard: number, ms: number, user = 'john@example.org') =>
  logs[shard]?.push({ shard, id: `${ms}-0`, user: user as BareJid, version: '1', diff })
const look = () => vi.advanceTimersByTimeAsync(EVERY_MS)
const tail = (mostAtATime = 100) => changeTail({ changes, shards: SHARDS, everyMs: EVERY_MS, mostAtATime })

function hearing() {
  const heard: Buffer[] = []
  const events = () => heard.map((event) => String(event).replace(/^event: (\w+)\ndata: (.*)\n\n$/, '$1 $2'))
  return { heard, send: (event: Buffer) => void heard.push(event), events }
}

test('the logs are read once for all who listen, and not at all when nobody does', async () => {
  const { join } = tail()
  const seats = await Promise.all(Array.from({ length: 20 }, join))
  const listeners = seats.map((seat) => {
    const hears = hearing()
    seat.listen(() => true, hears.send)
    return hears
  })
  await look()
  expect(reads).toBe(SHARDS)
  write(0, 1)
  await look()
  expect(reads).toBe(2 * SHARDS)
  const [first] = listeners[0]?.heard ?? []
  for (const { heard } of listeners) expect(heard[0]).toBe(first) // written once
  for (const seat of seats) seat.leave()
  await look()
  await look()
  expect(reads).toBe(2 * SHARDS)
  await join()
  await look()
  expect(reads).toBe(3 * SHARDS)
})

test('what is in the logs already is not told, what comes is, in its order over the shards', async () => {
  write(0, 1)
  const seat = await tail().join()
  const { send, events } = hearing()
  seat.listen(() => true, send)
  write(1, 3)
  write(0, 2)
  write(0, 4)
  await look()
  expect(events().map((text) => JSON.parse(text.slice('change '.length)).id)).toEqual(['2-0', '3-0', '4-0'])
})

test('who asked for some is told of those alone, and of no more at a time than anybody can read', async () => {
  const seat = await tail(2).join()
  const { send, events } = hearing()
  seat.listen((user) => user === 'mary@example.org', send)
  for (let ms = 1; ms <= 5; ms++) {
    write(0, ms, 'mary@example.org')
    write(1, ms)
  }
  await look()
  expect(events()).toEqual([expect.stringMatching(/^change/), expect.stringMatching(/^change/), 'skipped {"count":3}'])
})

test('where very much comes it is passed over, counted, and gone on from the end', async () => {
  const seat = await tail(10).join()
  const { send, events, heard } = hearing()
  seat.listen(() => true, send)
  for (let ms = 1; ms <= 2000; ms++) write(0, ms)
  await look()
  expect(events().at(-1)).toBe('skipped {"count":1990}')
  heard.length = 0
  await look()
  expect(events()).toEqual([])
  write(0, 2001)
  await look()
  expect(events()).toHaveLength(1)
})

test('when Redis is away nobody can begin to listen; who does already misses nothing', async () => {
  const { join } = tail()
  const seat = await join()
  const { send, events } = hearing()
  seat.listen(() => true, send)
  isAway = true
  write(0, 1)
  await look()
  expect(events()).toEqual([])
  isAway = false
  await look()
  expect(events()).toHaveLength(1)
  seat.leave()
  isAway = true
  await expect(join()).rejects.toThrow('Redis is away')
  isAway = false
  const later = await join()
  later.leave()
})
