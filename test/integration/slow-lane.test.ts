import { expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../support/backend.ts'
import { startRollcall } from '../support/rollcall.ts'

const HANGING = Array.from({ length: 300 }, (_, i) => `hanging${i}`)
const GOOD = Array.from({ length: 200 }, (_, i) => `good${i}`)

/** A worker of 20 fetches, all users of one backend; 300 of them are never answered, and the queue begins with those. */
async function scene(env: Record<string, string> = {}) {
  const backend = await startBackend()
  const rollcall = await startRollcall({
    rosterUrl: backend.template,
    env: {
      WORKER_CONCURRENCY: '20',
      SLOW_FETCH_MS: '50',
      BACKEND_TIMEOUT_MS: '60000',
      REFRESH_DEADLINE_MS: '50000', // long enough for a slow machine; the others hang for longer
      SHUTDOWN_DEADLINE_MS: '500',
      ...env,
    },
  })
  onTestFinished(async () => {
    await rollcall.stop()
    await backend.close()
  })
  for (const user of HANGING) backend.set(user, { kind: 'hang' })
  const hanging = rollcall.refresh(HANGING).catch(() => {})
  await backend.until(() => backend.requests.length === 20)
  return { backend, rollcall, hanging }
}

test('users who hang do not hold up the others, however many there are (G7)', async () => {
  const { backend, rollcall } = await scene()
  const { status, body } = await rollcall.refresh(GOOD)
  expect({ status, ...body }).toMatchObject({ status: 'ok', updated: 200, errors: 0 })
  const hanging = backend.requests.filter(({ username }) => username.startsWith('hanging'))
  expect(hanging.length).toBeGreaterThanOrEqual(280)
  expect(hanging.every(({ endedAt }) => endedAt === undefined)).toBe(true)
})

test('the slow lane has an end: no more requests are out than its places and the others', async () => {
  const { backend, rollcall } = await scene({ SLOW_LANE: '30', REFRESH_DEADLINE_MS: '2000', BREAKER_FAILURES: '1000' })
  await backend.until(() => backend.requests.length === 50)
  expect((await rollcall.refresh(GOOD)).body).toMatchObject({ updated: 0, pending: 200 })
  expect(backend.requests).toHaveLength(50)
})

test.each([
  [1, ['silent.example']],
  [2, ['silent.example', 'mute.example']],
])(
  'backends that answer nobody any more leave room for those of other domains (G7): %i of them',
  async (_, domains) => {
    const [silent, alive] = [await startBackend(), await startBackend()]
    const rollcall = await startRollcall({
      rosterUrl: '',
      env: {
        WORKER_CONCURRENCY: '20',
        SLOW_LANE: '80',
        SLOW_FETCH_MS: '100',
        BACKEND_TIMEOUT_MS: '60000',
        REFRESH_DEADLINE_MS: '60000',
        SHUTDOWN_DEADLINE_MS: '500',
      },
      file: {
        defaultDomain: 'alive.example',
        domains: Object.fromEntries([
          ...domains.map((domain) => [domain, { rosterUrl: silent.template }]),
          ['alive.example', { rosterUrl: alive.template }],
        ]),
      },
    })
    onTestFinished(async () => {
      await rollcall.stop()
      await Promise.all([silent.close(), alive.close()])
    })
    await rollcall.refresh(domains.map((domain) => `known@${domain}`))
    silent.set('*', { kind: 'hang' })
    for (const domain of domains)
      void rollcall.refresh(Array.from({ length: 600 }, (_, i) => `silent${i}@${domain}`)).catch(() => {})
    await silent.until(() => silent.requests.length > 20)
    const { body } = await rollcall.refresh(GOOD)
    expect(body).toMatchObject({ updated: 200, errors: 0 })
    expect(silent.requests.length).toBeLessThan(110)
  },
  90_000,
)
