import type { OpsChange, OpsChangePage } from '@rollcall/roster'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { changesTail, MOST_ROWS } from './changes-tail.ts'
import { madeUpSurroundings } from './made-up-surroundings.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const change = (n: number, shard = 0): OpsChange =>
  ({ id: `${1_700_000_000_000 + n}-0`, shard, at: new Date(1_700_000_000_000 + n).toISOString() }) as OpsChange

const page = (numbers: readonly number[], next: string | null): OpsChangePage => ({
  changes: numbers.map((n) => change(n)),
  next,
})

async function opened(first: OpsChangePage) {
  const surroundings = madeUpSurroundings()
  const firstPage = vi.fn(async () => first)
  const tail = changesTail({ filter: {}, surroundings, firstPage })
  const stop = tail.subscribe(() => {})
  surroundings.last().emit('open')
  await vi.advanceTimersByTimeAsync(0)
  const arrive = async (...changes: readonly OpsChange[]) => {
    for (const one of changes) surroundings.last().emit('change', JSON.stringify(one))
    await vi.advanceTimersByTimeAsync(500)
  }
  const reopen = async (next: OpsChangePage) => {
    firstPage.mockResolvedValueOnce(next)
    surroundings.last().emit('error')
    await vi.advanceTimersByTimeAsync(1000)
    surroundings.last().emit('open')
    await vi.advanceTimersByTimeAsync(0)
  }
  const numbers = () => tail.get().rows.map(({ id }) => Number(id.split('-')[0]) - 1_700_000_000_000)
  return { tail, surroundings, arrive, reopen, numbers, stop }
}

describe('the tail of the change log', () => {
  test('begins with what has changed last, and grows at its end', async () => {
    const { tail, arrive, numbers } = await opened(page([2, 1], 'more'))
    await arrive(change(3))
    expect(numbers()).toEqual([3, 2, 1])
    expect(tail.get()).toMatchObject({ isLoaded: true, older: 'more', waiting: 0 })
  })

  test('counts once what is told and read', async () => {
    const { arrive, numbers } = await opened(page([2, 1], null))
    await arrive(change(2), change(2))
    expect(numbers()).toEqual([2, 1])
  })

  test('shows nothing new while it is paused, and says how much waits', async () => {
    const { tail, arrive, numbers } = await opened(page([1], null))
    tail.setPaused(true)
    await arrive(change(2), change(3))
    expect([numbers(), tail.get().waiting]).toEqual([[1], 2])
    tail.setPaused(false)
    expect([numbers(), tail.get().waiting]).toEqual([[3, 2, 1], 0])
  })

  test('keeps the newest, and says that it no longer reaches back to what is older', async () => {
    const { tail, arrive } = await opened(page([0], 'more'))
    await arrive(...Array.from({ length: MOST_ROWS }, (_, i) => change(i + 1)))
    expect(tail.get().rows).toHaveLength(MOST_ROWS)
    expect(tail.get().older).toBeUndefined()
  })

  test('has what came while the link was broken', async () => {
    const { reopen, numbers } = await opened(page([2, 1], 'more'))
    await reopen(page([4, 3, 2], 'further'))
    expect(numbers()).toEqual([4, 3, 2, 1])
  })

  test('begins anew when more came while the link was broken than a page holds', async () => {
    const { tail, reopen, numbers } = await opened(page([2, 1], 'more'))
    await reopen(page([9, 8, 7], 'further'))
    expect(numbers()).toEqual([9, 8, 7])
    expect(tail.get().older).toBe('further')
  })

  test('says why there is nothing to be read', async () => {
    const surroundings = madeUpSurroundings()
    const firstPage = () => Promise.reject(new Error('"a b" is not a username'))
    const tail = changesTail({ filter: { user: 'a b' }, surroundings, firstPage })
    tail.subscribe(() => {})
    surroundings.last().emit('error')
    await vi.advanceTimersByTimeAsync(1000)
    surroundings.last().emit('error')
    await vi.advanceTimersByTimeAsync(0)
    expect(tail.get()).toMatchObject({ isLoaded: false, error: new Error('"a b" is not a username') })
  })

  test('counts what the api left out', async () => {
    const { tail, surroundings } = await opened(page([], null))
    surroundings.last().emit('skipped', '{"count":30}')
    surroundings.last().emit('skipped', '{"count":12}')
    expect(tail.get().skipped).toBe(42)
  })
})
