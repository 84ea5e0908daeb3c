import { expect, onTestFinished, test, vi } from 'vitest'
import { refreshLooks } from './refresh-looks.ts'
import type { RefreshFound } from './refresh-records.ts'

const found = (updated: number) => ({ progress: { updated }, failuresByCode: [] }) as unknown as RefreshFound

function countedLooks(answer: (read: number) => Promise<RefreshFound | null>) {
  let reads = 0
  return { looks: refreshLooks(() => answer(++reads)), reads: () => reads }
}

test('many who look at one refresh are one look', async () => {
  const { looks, reads } = countedLooks(async (read) => found(read))
  const seen = await Promise.all(Array.from({ length: 50 }, () => looks.look('id')))
  expect(seen.every((one) => one?.progress.updated === 1)).toBe(true)
  await looks.look('id')
  expect(reads()).toBe(1)
  await looks.look('another')
  expect(reads()).toBe(2)
})

test('a look that failed is not remembered, and leaves what was known', async () => {
  const { looks } = countedLooks(async (read) => {
    if (read === 2) throw new Error('Redis is away')
    return found(read)
  })
  await looks.look('id')
  expect(looks.glance('id')).toEqual(found(1))
  looks.forget('id')
  await expect(looks.look('id')).rejects.toThrow('Redis is away')
  expect(await looks.look('id')).toEqual(found(3))
})

test('it is looked again when something was done to it, and after a while', async () => {
  const { looks, reads } = countedLooks(async (read) => found(read))
  await looks.look('id')
  looks.forget('id')
  expect(await looks.look('id')).toEqual(found(2))
  await expect.poll(async () => (await looks.look('id'))?.progress.updated, { interval: 100 }).toBe(3)
  expect(reads()).toBe(3)
})

test('it is looked again after ten seconds, however long a look takes', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { looks, reads } = countedLooks(async (read) => {
    await vi.advanceTimersByTimeAsync(8_000)
    return found(read)
  })
  await looks.look('id')
  vi.advanceTimersByTime(9_000)
  await looks.look('id')
  expect(reads()).toBe(1)
  vi.advanceTimersByTime(1_500)
  expect(await looks.look('id')).toEqual(found(2))
})

test('a glance waits for nothing, and has others look', async () => {
  const ends: (() => void)[] = []
  const { looks, reads } = countedLooks((read) => new Promise((resolve) => ends.push(() => resolve(found(read)))))
  expect(looks.glance('large')).toBeUndefined()
  expect(looks.glance('large')).toBeUndefined()
  expect(looks.glance('another one')).toBeUndefined()
  expect(reads()).toBe(1)
  ends[0]?.()
  await expect.poll(() => looks.glance('large')).toEqual(found(1))
  expect(looks.glance('another one')).toBeUndefined()
  expect(reads()).toBe(2)
})

test('those looked at longest ago are forgotten', async () => {
  const { looks } = countedLooks(async (read) => found(read))
  for (let i = 0; i < 1500; i++) await looks.look(String(i))
  expect(looks.glance('0')).toBeUndefined()
  expect(looks.glance('1499')).toBeDefined()
})
