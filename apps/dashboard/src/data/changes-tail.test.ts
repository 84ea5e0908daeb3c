import type { OpsChange, OpsChangePage } from '@rollcall/roster'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ApiError } from './api-error.ts'
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

/** One that is read as soon as it is given. */
function pageToCome() {
  let resolve = (_: OpsChangePage): void => {}
  const promise = new Promise<OpsChangePage>((given) => {
    resolve = given
  })
  return { promise, resolve }
}

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
  /** The link breaks after that place, and the api goes on there, or says that it cannot. */
  const goOn = async (place: string, event?: 'gap') => {
    surroundings.last().emit('place', '{}', place)
    surroundings.last().emit('error')
    await vi.advanceTimersByTimeAsync(1000)
    surroundings.last().emit('open')
    if (event) surroundings.last().emit(event, '{}')
  }
  return { tail, surroundings, arrive, reopen, goOn, firstPage, numbers, stop }
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

  test('goes on where it was cut off, and reads nothing again', async () => {
    const { tail, surroundings, arrive, goOn, firstPage, numbers } = await opened(page([2, 1], 'more'))
    await goOn('here')
    expect(surroundings.last().url).toBe('/ops/api/changes/live?after=here')
    await arrive(change(4), change(3), change(2))
    expect(numbers()).toEqual([4, 3, 2, 1])
    expect(firstPage).toHaveBeenCalledOnce()
    expect(tail.get()).toMatchObject({ older: 'more', hasBegunAnew: false })
  })

  test('says that it begins anew when the api cannot go on, also when more comes before that is read', async () => {
    const { tail, arrive, goOn, firstPage, numbers } = await opened(page([2, 1], 'more'))
    const read = pageToCome()
    firstPage.mockReturnValueOnce(read.promise)
    await goOn('here', 'gap')
    await arrive(change(9))
    read.resolve(page([9, 8, 7], 'further'))
    await arrive(change(10))
    expect(numbers()).toEqual([10, 9, 8, 7])
    expect(tail.get()).toMatchObject({ older: 'further', hasBegunAnew: true })
  })

  test('fills a gap with the newest page when that reaches back, as soon as it can be read', async () => {
    const { tail, arrive, goOn, firstPage, numbers } = await opened(page([2, 1], 'more'))
    firstPage.mockRejectedValueOnce(new ApiError(503, 'Not available now', 'Redis is not reachable'))
    firstPage.mockResolvedValueOnce(page([4, 3, 2], 'further'))
    await goOn('here', 'gap')
    await arrive(change(5))
    await vi.advanceTimersByTimeAsync(3000)
    expect(numbers()).toEqual([5, 4, 3, 2, 1])
    expect(tail.get()).toMatchObject({ older: 'more', hasBegunAnew: false, error: undefined })
  })

  test('knows that there are older ones also when something changes before they are read', async () => {
    const surroundings = madeUpSurroundings()
    const read = pageToCome()
    const tail = changesTail({ filter: {}, surroundings, firstPage: () => read.promise })
    tail.subscribe(() => {})
    surroundings.last().emit('open')
    surroundings.last().emit('change', JSON.stringify(change(3)))
    await vi.advanceTimersByTimeAsync(500)
    read.resolve(page([3, 2, 1], 'more'))
    await vi.advanceTimersByTimeAsync(0)
    expect(tail.get()).toMatchObject({ older: 'more', hasBegunAnew: false })
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
