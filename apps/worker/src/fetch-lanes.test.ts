import { setTimeout as delay } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { type FetchLanesOptions, fetchLanes } from './fetch-lanes.ts'

/** Nothing waits this long. */
const PATIENT = { timeout: 30_000 }

/** Fetches that end when they are told to. */
function scene(options: Partial<FetchLanesOptions> = {}) {
  const lanes = fetchLanes({ places: 2, slowPlaces: 1, slowAfterMs: 20, ...options })
  const running = new Map<string, PromiseWithResolvers<string>>()
  const slow = new Set<string>()
  const ended: string[] = []
  return {
    slow,
    ended,
    running: () => [...running.keys()],
    fetch(name: string): Promise<string> {
      const fetch = (): Promise<string> => {
        const fetched = withResolvers<string>()
        running.set(name, fetched)
        return fetched.promise
      }
      const onSlow = () => {
        slow.add(name)
        return () => void ended.push(name)
      }
      return lanes.run(fetch, onSlow)
    },
    end(name: string, error?: Error): void {
      const fetched = running.get(name)
      running.delete(name)
      if (error) fetched?.reject(error)
      else fetched?.resolve(name)
    },
  }
}

interface PromiseWithResolvers<T> {
  promise: Promise<T>
  resolve(value: T): void
  reject(error: Error): void
}

function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve = (_: T): void => {}
  let reject = (_: Error): void => {}
  const promise = new Promise<T>((onGood, onBad) => {
    resolve = onGood
    reject = onBad
  })
  return { promise, resolve: (value) => resolve(value), reject: (error) => reject(error) }
}

test('no more fetches run than there are places, and each gives its result', async () => {
  const { fetch, end, running } = scene({ slowAfterMs: 60_000 })
  const [a, b, c] = [fetch('a'), fetch('b'), fetch('c')]
  await vi.waitFor(() => expect(running()).toEqual(['a', 'b']), PATIENT)
  end('a')
  expect(await a).toBe('a')
  await vi.waitFor(() => expect(running()).toEqual(['b', 'c']), PATIENT)
  end('b', new Error('broken'))
  await expect(b).rejects.toThrow('broken')
  end('c')
  expect(await c).toBe('c')
})

test('a slow fetch leaves its place to the next one, and is told to be slow until it ends', async () => {
  const { fetch, end, running, slow, ended } = scene({ places: 1 })
  const a = fetch('a')
  const b = fetch('b')
  await vi.waitFor(() => expect(running()).toEqual(['a', 'b']), PATIENT)
  expect([...slow]).toEqual(['a'])
  end('a')
  expect(await a).toBe('a')
  expect(ended).toEqual(['a'])
  end('b')
  await b
})

test('behind a full lane slow fetches keep their places, and move on when one of the lane ends', async () => {
  const { fetch, end, running, slow } = scene({ places: 1, slowPlaces: 1 })
  for (const name of ['a', 'b', 'c', 'd']) void fetch(name).catch(() => {})
  await vi.waitFor(() => expect(running()).toEqual(['a', 'b']), PATIENT)
  await delay(60) // b is slow long since
  expect(running()).toEqual(['a', 'b'])
  expect([...slow]).toEqual(['a'])
  end('a')
  await vi.waitFor(() => expect(running()).toEqual(['b', 'c']), PATIENT)
  expect([...slow]).toEqual(['a', 'b'])
})

test('without a lane everything stays in its place', async () => {
  const { fetch, end, running, slow } = scene({ places: 1, slowPlaces: 0 })
  void fetch('a')
  void fetch('b')
  await delay(60)
  expect(running()).toEqual(['a'])
  end('a')
  await vi.waitFor(() => expect(running()).toEqual(['b']), PATIENT)
  expect(slow.size).toBe(0)
})
