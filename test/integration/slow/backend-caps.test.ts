import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { startRollcall } from '../../support/rollcall.ts'

const users = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}${i}`)

/** Answers each request after a while, and counts those that it works on. */
async function countingBackend(answerMs: number) {
  const counts = { running: 0, most: 0, begun: [] as number[] }
  const server = createServer((_, response) => {
    counts.begun.push(performance.now())
    counts.running++
    counts.most = Math.max(counts.most, counts.running)
    setTimeout(() => {
      counts.running--
      response.end('{}')
    }, answerMs)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { counts, template: `http://127.0.0.1:${(server.address() as AddressInfo).port}/%s` }
}

async function rollcallFor(options: Parameters<typeof startRollcall>[0]) {
  const rollcall = await startRollcall(options)
  onTestFinished(() => rollcall.stop())
  return rollcall
}

test('no more requests run at a time than the cap, of all workers together, also while they come and go', async () => {
  const { counts, template } = await countingBackend(15)
  const rollcall = await rollcallFor({
    rosterUrl: template,
    workers: 2,
    env: {
      BACKEND_MAX_CONCURRENT: '7',
      WORKER_CONCURRENCY: '20',
      BACKEND_TIMEOUT_MS: '2000',
    },
  })
  const first = rollcall.refresh(users('a', 200))
  const third = await rollcall.startWorker()
  const second = rollcall.refresh(users('b', 200))
  await expect.poll(() => counts.begun.length).toBeGreaterThan(100)
  await third.stop()
  await rollcall.startWorker()
  for (const { body } of [await first, await second]) expect(body).toMatchObject({ updated: 200, errors: 0 })
  expect(counts.most).toBeGreaterThan(3)
  expect(counts.most).toBeLessThanOrEqual(7)
})

test('no more requests begin in a second than the cap, of all workers together', async () => {
  const { counts, template } = await countingBackend(1)
  const rollcall = await rollcallFor({
    rosterUrl: template,
    workers: 2,
    env: { BACKEND_MAX_PER_SECOND: '100', WORKER_CONCURRENCY: '20' },
  })
  const started = performance.now() // not the first one: it may come late, and those behind it in a row
  expect((await rollcall.refresh(users('a', 200))).body).toMatchObject({ updated: 200, errors: 0 })
  const seconds = ((counts.begun.at(-1) ?? 0) - started) / 1000
  expect(counts.begun.length / seconds).toBeLessThan(120)
})

test('users who wait for a share hold up nobody of another domain (G7)', async () => {
  const [slow, fast] = [await countingBackend(50), await countingBackend(1)]
  const rollcall = await rollcallFor({
    rosterUrl: '',
    env: { WORKER_CONCURRENCY: '20', REFRESH_DEADLINE_MS: '10000' },
    file: {
      defaultDomain: 'capped.example',
      domains: {
        'capped.example': { rosterUrl: slow.template, maxConcurrent: 1, maxPerSecond: 2 },
        'free.example': { rosterUrl: fast.template },
      },
    },
  })
  const capped = rollcall.refresh(users('capped', 500))
  await expect.poll(() => slow.counts.begun.length).toBeGreaterThan(0)
  const free = await rollcall.refresh(users('free', 200).map((user) => `${user}@free.example`))
  expect(free.body).toMatchObject({ updated: 200, errors: 0 })
  expect(slow.counts.begun.length).toBeLessThan(100)
  expect(slow.counts.most).toBe(1)
  expect((await capped).body).toMatchObject({ errors: 0 })
})

test('a login goes before those who wait for a share, also when it waits in the queue already', async () => {
  const { counts, template } = await countingBackend(1)
  const rollcall = await rollcallFor({
    rosterUrl: template,
    env: { BACKEND_MAX_PER_SECOND: '5', WORKER_CONCURRENCY: '20' },
  })
  void rollcall.refresh(users('bulk', 500)).catch(() => {})
  await expect.poll(() => counts.begun.length).toBeGreaterThan(5)
  const answers = await Promise.all(['bulk499', 'new'].map((user) => rollcall.send(`/contacts/${user}`)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200])
  expect(counts.begun.length).toBeLessThan(400)
})
