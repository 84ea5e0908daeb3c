import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Live, liveStore } from './live-store.ts'
import { madeUpSurroundings } from './made-up-surroundings.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function store() {
  const surroundings = madeUpSurroundings()
  const onLost = vi.fn()
  const live = liveStore({ surroundings, onLost })
  const seen: Live[] = []
  const stop = live.subscribe(() => seen.push(live.get()))
  const tell = (snapshot: object) => surroundings.last().emit('snapshot', JSON.stringify(snapshot))
  return { surroundings, live, seen, stop, tell, onLost }
}

describe('what is live', () => {
  test('keeps the parts that have not changed as they are', () => {
    const { live, tell } = store()
    tell({ at: '1', queues: [{ shard: 0 }], redis: { latencyMs: 1 } })
    const before = live.get().snapshot
    tell({ at: '2', queues: [{ shard: 0 }], redis: { latencyMs: 2 } })
    expect(live.get().snapshot?.queues).toBe(before?.queues)
    expect(live.get().snapshot?.redis).toEqual({ latencyMs: 2 })
  })

  test('stays on the screen when nothing more comes, and says how old it is', () => {
    const { live, tell, surroundings } = store()
    tell({ at: '1' })
    surroundings.last().emit('error')
    vi.advanceTimersByTime(10_000)
    expect(live.get()).toMatchObject({ snapshot: { at: '1' }, oldForS: undefined })
    vi.advanceTimersByTime(10_000)
    expect(live.get()).toMatchObject({ snapshot: { at: '1' }, oldForS: 20 })
    tell({ at: '2' })
    expect(live.get()).toMatchObject({ snapshot: { at: '2' }, oldForS: undefined })
  })

  test('is not old while the api says that nothing has changed, and nobody has to render for that', () => {
    const { live, tell, seen, surroundings } = store()
    tell({ at: '1' })
    const renders = seen.length
    for (let i = 0; i < 20; i += 1) {
      vi.advanceTimersByTime(2000)
      surroundings.last().emit('alive', '{"at":"2"}')
    }
    expect(live.get().oldForS).toBeUndefined()
    expect(seen.length).toBe(renders)
  })

  test('has one link however many listen, and none when nobody does', () => {
    const { surroundings, live, stop } = store()
    const stopOther = live.subscribe(() => {})
    expect(surroundings.openNow()).toBe(1)
    stop()
    expect(surroundings.openNow()).toBe(1)
    stopOther()
    expect(surroundings.openNow()).toBe(0)
  })

  test('tells when the api is lost', () => {
    const { surroundings, onLost, live } = store()
    surroundings.last().emit('error')
    vi.advanceTimersByTime(1000)
    surroundings.last().emit('error')
    expect(onLost).toHaveBeenCalledOnce()
    expect(live.get().link).toBe('lost')
  })
})
