import type { BareJid } from '@rollcall/roster'
import { createLog } from '@rollcall/runtime'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { usageMarks } from './usage-marks.ts'

const log = createLog({ level: 'silent', name: 'test' })
const MINUTE_MS = 60_000
const john = 'john@example.org' as BareJid
const mary = 'mary@example.org' as BareJid

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function marks(rosterTtlS = 1) {
  const written: BareJid[][] = []
  const store = {
    use: async (users: readonly BareJid[]) => {
      written.push([...users])
    },
  }
  return { written, store, ...usageMarks({ store: { use: (users) => store.use(users) }, rosterTtlS, log }) }
}

test('who is used is written down within a minute, all in one go, and once an hour however often he is', async () => {
  const { mark, written } = marks()
  for (let minute = 0; minute < 59; minute++) {
    for (const jid of [john, mary, john]) mark(jid)
    await vi.advanceTimersByTimeAsync(MINUTE_MS)
  }
  expect(written).toEqual([[john, mary]])
  await vi.advanceTimersByTimeAsync(MINUTE_MS)
  mark(mary)
  await vi.advanceTimersByTimeAsync(MINUTE_MS)
  expect(written).toEqual([[john, mary], [mary]])
})

test('many are not kept waiting, nor remembered without end', async () => {
  const { mark, written } = marks()
  for (let i = 0; i < 110_000; i++) mark(`user-${i}@example.org` as BareJid)
  await vi.advanceTimersByTimeAsync(0)
  expect(written.map(({ length }) => length)).toEqual(Array.from({ length: 11 }, () => 10_000))
  mark('user-0@example.org' as BareJid) // forgotten when the hundred thousandth came
  mark('user-109999@example.org' as BareJid)
  await vi.advanceTimersByTimeAsync(MINUTE_MS)
  expect(written.at(-1)).toEqual(['user-0@example.org'])
})

test('who could not be written down is when he is used next', async () => {
  const { mark, written, store } = marks()
  const { use } = store
  store.use = async () => {
    throw new Error('Redis is away')
  }
  mark(john)
  await vi.advanceTimersByTimeAsync(MINUTE_MS)
  store.use = use
  mark(john)
  await vi.advanceTimersByTimeAsync(MINUTE_MS)
  expect(written).toEqual([[john]])
})

test('an api that ends writes down what it knows', async () => {
  const { mark, written, close } = marks()
  mark(john)
  await close()
  expect(written).toEqual([[john]])
})

test('nothing is noted when rosters are kept for ever', async () => {
  const { mark, written, close } = marks(0)
  mark(john)
  await vi.advanceTimersByTimeAsync(2 * MINUTE_MS)
  await close()
  expect(written).toEqual([])
})
