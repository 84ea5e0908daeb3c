import type { BareJid } from '@rollcall/roster'
import type { ShardEntry } from '@rollcall/runtime'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { changeTail } from './change-tail.ts'
import { isAfter } from './tail-place.ts'

const EVERY_MS = 500
const SHARDS = 2
const diff = JSON.stringify({ added: [], updated: [], removed: [], counts: { added: 0, updated: 0, removed: 0 } })

/** The logs of two shards, and how often they were read. */
let logs: ShardEntry[][]
let reads: number
let isAway: boolean
/** Entries that each log had and has no more. */
let trimmed: number
let whileReading: () => Promise<unknown>

const changes = {
  async end(shard: number) {
    if (isAway) throw new Error('Redis is away')
    const log = logs[shard] ?? []
    return { id: log.at(-1)?.id ?? '0-0', added: log.length + trimmed, kept: log.length }
  },
  async from(shard: number, id: string, upTo: string, most: number) {
    if (isAway) throw new Error('Redis is away')
    await whileReading()
    return (logs[shard] ?? []).filter((one) => !isAfter(id, one.id) && !isAfter(one.id, upTo)).slice(0, most)
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
  trimmed = 0
  whileReading = async () => {}
})
afterEach(() => vi.useRealTimers())

const write = (shard: number, ms: number, user = 'john@example.org') =>
  logs[shard]?.push({ shard, id: `${ms}-0`, user: user as BareJid, version: '1', diff })
const writeLarge = (count: number) => {
  const contact = { jid: 'ann@example.org', name: 'x'.repeat(8000), groups: [], subscription: 'both' }
  const large = JSON.stringify({
    added: [contact],
    updated: [],
    removed: [],
    counts: { added: 1, updated: 0, removed: 0 },
  })
  for (let ms = 1; ms <= count; ms++)
    logs[0]?.push({ shard: 0, id: `${ms}-0`, user: 'john@example.org' as BareJid, version: '1', diff: large })
}
const look = () => vi.advanceTimersByTimeAsync(EVERY_MS)
const tail = (mostAtATime = 100) => changeTail({ changes, shards: SHARDS, everyMs: EVERY_MS, mostAtATime })

function hearing() {
  const heard: Buffer[] = []
  const isPlace = (event: Buffer) => String(event).includes('event: place')
  const told = () => heard.filter((event) => !isPlace(event))
  const events = () => told().map((event) => String(event).replace(/^event: (\w+)\ndata: (.*)\n\n$/, '$1 $2'))
  return {
    heard,
    told,
    send: (event: Buffer) => void heard.push(event),
    events,
    /** Ids of the changes that were told. */
    ids: () =>
      events().map((text) => (text.startsWith('change ') ? JSON.parse(text.slice('change '.length)).id : text)),
    place: () => /^id: (.*)$/m.exec(String(heard.findLast(isPlace)))?.[1],
  }
}

/** Listens to whatever changes. */
async function listening(of = tail(), after?: string) {
  const hears = hearing()
  const seat = await of.join()
  await seat.listen(() => true, hears.send, after)
  return { ...hears, leave: seat.leave }
}

test('the logs are read once for all who listen, and not at all when nobody does', async () => {
  const { join } = tail()
  const seats = await Promise.all(Array.from({ length: 20 }, join))
  const listeners = seats.map(() => hearing())
  for (const [i, seat] of seats.entries()) await seat.listen(() => true, listeners[i]?.send ?? (() => {}))
  await look()
  expect(reads).toBe(SHARDS)
  write(0, 1)
  await look()
  expect(reads).toBe(2 * SHARDS)
  const [first] = listeners[0]?.told() ?? []
  for (const { told } of listeners) expect(told()[0]).toBe(first) // written once
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
  const { send, ids } = hearing()
  await seat.listen(() => true, send)
  write(1, 3)
  write(0, 2)
  write(0, 4)
  await look()
  expect(ids()).toEqual(['2-0', '3-0', '4-0'])
})

test('who asked for some is told of those alone, and of no more at a time than anybody can read', async () => {
  const seat = await tail(2).join()
  const { send, events } = hearing()
  await seat.listen((user) => user === 'mary@example.org', send)
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
  await seat.listen(() => true, send)
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

test('what was read before Redis went away is told, and what came behind it when it is back', async () => {
  const { ids } = await listening(tail(10_000))
  for (let ms = 1; ms <= 500; ms++) write(0, ms)
  const end = vi.spyOn(changes, 'end').mockRejectedValueOnce(new Error('Redis is away'))
  await look()
  expect(end).toHaveBeenCalled()
  write(0, 501)
  await look()
  expect(ids()).toHaveLength(501)
})

test('when Redis is away nobody can begin to listen; who does already misses nothing', async () => {
  const { join } = tail()
  const seat = await join()
  const { send, events } = hearing()
  await seat.listen(() => true, send)
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

describe('one who comes back with the place up to which he has heard', () => {
  test('is told what he has missed, in its order, then what comes, and nothing twice', async () => {
    write(0, 1)
    const before = await listening()
    write(1, 2)
    await look()
    before.leave()
    write(0, 4)
    write(1, 3)
    const after = await listening(tail(), before.place())
    expect(after.ids()).toEqual(['3-0', '4-0'])
    write(0, 5)
    await look()
    expect(after.ids()).toEqual(['3-0', '4-0', '5-0'])
    expect((await listening(tail(), after.place())).ids()).toEqual([])
  })

  test('at an api that has not read as far yet is told nothing twice', async () => {
    write(0, 1)
    const [ahead, behind] = [tail(), tail()]
    const staying = await listening(behind)
    const before = await listening(ahead)
    write(0, 2)
    vi.clearAllTimers() // no look at the second one
    const further = await listening(tail(), before.place())
    expect(further.ids()).toEqual(['2-0'])
    const after = await listening(behind, further.place())
    expect(after.ids()).toEqual([])
    expect(staying.ids()).toEqual([])
  })

  test('hears what comes while he is told what he has missed after that', async () => {
    const one = tail()
    await listening(one)
    write(0, 1)
    await look()
    whileReading = async () => {
      write(0, 2)
      await look()
    }
    const after = await listening(one, '0.0_0.0')
    expect(after.ids()).toEqual(['1-0', '2-0'])
    expect(after.place()).toBe('2.0_0.0')
  })

  test.each<[why: string, place: string, happens: () => void]>([
    ['more than 500 have come', '0.0_0.0', () => Array.from({ length: 501 }, (_, i) => write(i % 2, i + 1))],
    ['the log has been trimmed', '1.0_0.0', () => write(0, 2)],
    ['the log has been trimmed since it was empty', '0.0_0.0', () => [write(0, 2), trimmed++]],
    ['Redis has lost its data', '9.0_9.0', () => write(0, 1)],
    ['SHARDS has changed', '0.0', () => write(0, 1)],
    ['it is no place', 'nonsense', () => write(0, 1)],
    ['what has come is very large', '0.0_0.0', () => writeLarge(70)],
  ])('is told so when %s', async (_why, place, happens) => {
    happens()
    const { ids } = await listening(tail(), place)
    expect(ids()).toEqual(['gap {}'])
    write(0, 10_000)
    await look()
    expect(ids()).toEqual(['gap {}', '10000-0'])
  })

  test('is not taken in while Redis is away', async () => {
    write(0, 1)
    const one = tail()
    await listening(one)
    isAway = true
    await expect(listening(one, '0.0_0.0')).rejects.toThrow('Redis is away')
  })
})

test('with very many shards nobody is given a place', async () => {
  const shards = 1024
  logs = Array.from({ length: shards }, () => [])
  const { heard } = await listening(changeTail({ changes, shards, everyMs: EVERY_MS }))
  expect(heard).toHaveLength(0)
})
