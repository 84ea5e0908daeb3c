import { expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../../support/backend.ts'
import { startRollcall } from '../../support/rollcall.ts'

const users = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}${i}`)

async function scene(env: Record<string, string> = {}) {
  const backend = await startBackend()
  const rollcall = await startRollcall({
    rosterUrl: backend.template,
    env: {
      RETRY_BACKOFF_MS: '0',
      BREAKER_PAUSE_MS: '50',
      BREAKER_MAX_PAUSE_MS: '200',
      HEARTBEAT_MS: '1000',
      ...env,
    },
  })
  onTestFinished(async () => {
    await rollcall.stop()
    await backend.close()
  })
  const reasons = async () => (await rollcall.send('/health/ready')).json().reasons as string[]
  return { backend, rollcall, reasons }
}

const codes = (body: Record<string, unknown>) => [
  ...new Set((body.failures as { code: string }[]).map(({ code }) => code)),
]

test('users of a dead backend fail at once, and their rosters stay (G4); when it is back, all is well', async () => {
  const { backend, rollcall, reasons } = await scene()
  backend.rosters.set('kept', { 'old@example.org': {} })
  await rollcall.refresh(['kept', ...users('user', 20)])
  expect(await reasons()).toEqual([])

  backend.set('*', { kind: 'hang' })
  backend.set('kept', { kind: 'hang' })
  await backend.stop()
  await rollcall.refresh(users('user', 50))
  await expect
    .poll(reasons)
    .toEqual([
      expect.stringMatching(/^The backend of localhost does not work since \S+, say 1 of 1 workers: .*ECONNREFUSED/),
    ])
  const { status, body } = await rollcall.refresh(['kept', ...users('user', 90)])
  expect(status).toBe(500)
  expect(codes(body)).toEqual(['breaker-open'])
  const kept = await rollcall.send('/contacts/kept')
  expect(Object.keys(kept.json())).toEqual(['old@example.org'])
  expect(kept.headers.warning).toMatch(/^110/)

  backend.unset()
  await backend.start()
  await expect.poll(reasons).toEqual([])
  expect((await rollcall.refresh(['kept', ...users('user', 90)])).body).toMatchObject({ updated: 91, errors: 0 })
})

test('when it works again, those who failed meanwhile are fetched without being asked for', async () => {
  const { backend, rollcall, reasons } = await scene({ REPAIR_MIN_MS: '3600000', REPAIR_MAX_MS: '3600000' })
  await rollcall.refresh(users('user', 30))
  backend.set('*', 500)
  await rollcall.refresh(users('user', 30))
  await expect.poll(reasons).toHaveLength(1)
  backend.unset()
  const stale = async () =>
    (await Promise.all(users('user', 30).map((user) => rollcall.send(`/contacts/${user}`)))).filter(
      ({ headers }) => headers.warning !== undefined,
    ).length
  expect(await stale()).toBeGreaterThan(0)
  await expect.poll(stale).toBe(0)
})

test('while it is broken only probes reach it, and no attempts are made for a user', async () => {
  const { backend, rollcall, reasons } = await scene({ BREAKER_PAUSE_MS: '60000', BREAKER_MAX_PAUSE_MS: '60000' })
  backend.set('*', 500)
  await rollcall.refresh(users('user', 30))
  await expect.poll(reasons).toHaveLength(1)
  const before = backend.requests.length
  expect(codes((await rollcall.refresh(users('other', 200))).body)).toEqual(['breaker-open'])
  expect(backend.requests).toHaveLength(before)
})

test('users who hang are no sign of a broken backend, however many in a row', async () => {
  const { backend, rollcall, reasons } = await scene({
    BACKEND_TIMEOUT_MS: '2000',
    JOB_ATTEMPTS: '2',
    BREAKER_FAILURES: '5',
  })
  await rollcall.refresh(['good'])
  for (const user of users('hanging', 100)) backend.set(user, { kind: 'hang' })
  const { body } = await rollcall.refresh(users('hanging', 100))
  expect(body).toMatchObject({ updated: 0, errors: 100 })
  expect(codes(body)).toEqual(['backend-timeout'])
  expect(await reasons()).toEqual([])
  expect((await rollcall.refresh(['good', 'another'])).body).toMatchObject({ updated: 2, errors: 0 })
})

test.each([
  ['does not know them', 404, 'user-unknown'],
  ['refuses them', 403, 'backend-status'],
  ['sends no rosters', { kind: 'raw', body: '[1]' } as const, 'roster-invalid'],
])('a backend that %s works', async (_what, behaviour, code) => {
  const { backend, rollcall, reasons } = await scene({ BREAKER_FAILURES: '5' })
  backend.set('*', behaviour)
  expect(codes((await rollcall.refresh(users('user', 50))).body)).toEqual([code])
  expect(codes((await rollcall.refresh(users('user', 50))).body)).toEqual([code])
  expect(await reasons()).toEqual([])
})

test('the broken backend of one domain is that of no other', async () => {
  const [dead, alive] = [await startBackend(), await startBackend()]
  const rollcall = await startRollcall({
    rosterUrl: '',
    env: { RETRY_BACKOFF_MS: '0' },
    file: {
      defaultDomain: 'dead.example',
      domains: { 'dead.example': { rosterUrl: dead.template }, 'alive.example': { rosterUrl: alive.template } },
    },
  })
  onTestFinished(async () => {
    await rollcall.stop()
    await Promise.all([dead.close(), alive.close()])
  })
  dead.set('*', 500)
  await rollcall.refresh(users('user', 50))
  const reasons = async () => (await rollcall.send('/health/ready')).json().reasons
  await expect.poll(reasons).toHaveLength(1)
  const { body } = await rollcall.refresh([...users('user', 50), ...users('user', 50).map((u) => `${u}@alive.example`)])
  expect(body).toMatchObject({ updated: 50, errors: 50 })
  expect(codes(body)).toEqual(['breaker-open'])
})
