import { setTimeout as delay } from 'node:timers/promises'
import { RefreshSummary } from '@rollcall/roster'
import { expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../support/backend.ts'
import { type ApiProcess, ownRedis, spawnApi, spawnWorker, temporaryDirectory } from '../support/processes.ts'
import { edit, notAsInBackend, usernames } from './rosters.ts'

const USERS = usernames(500)
const AWAY_MS = 5_000
const DEADLINE_MS = 20_000

test('Redis dies in the middle of a refresh, is away for 5 s and comes back: all goes on by itself', async ({
  annotate,
}) => {
  const backend = await startBackend()
  onTestFinished(backend.close)
  const directory = await temporaryDirectory()
  const redis = await ownRedis({ directory })
  const env = {
    REDIS_URL: redis.url,
    HTTP_ROSTER_URL: backend.template,
    READ_DEADLINE_MS: String(DEADLINE_MS),
    REFRESH_DEADLINE_MS: String(DEADLINE_MS),
  }
  const [api] = await Promise.all([spawnApi(env), spawnWorker(env), spawnWorker(env)])
  edit(backend, USERS, 1)
  expect((await api.refresh(USERS)).body).toMatchObject({ updated: USERS.length, errors: 0 })

  edit(backend, USERS, 2)
  const held = backend.hold('*')
  const before = backend.requests.length
  const inFlight = api.refresh(USERS)
  await backend.until(() => backend.requests.length >= before + 100)
  redis.child.kill('SIGKILL')
  await redis.child.exited
  held.release()
  const back = delay(AWAY_MS)

  const refused = [await api.refresh(['user-1']), await api.get('/contacts/user-1'), await api.refresh(USERS)]
  expect(refused.map(({ status }) => status)).toEqual([503, 503, 503])
  expect(refused.map(({ headers }) => headers.has('retry-after'))).toEqual([true, true, true])
  for (const { ms } of refused) expect(ms, 'none waits for its deadline').toBeLessThan(DEADLINE_MS)
  expect(await api.get('/health/ready')).toMatchObject({ status: 503, body: { status: 'unavailable' } })
  await back

  await ownRedis({ directory, port: redis.port })
  const backAt = performance.now()
  await expect.poll(async () => (await api.refresh(['user-1'])).status, { timeout: 60_000, interval: 50 }).toBe(200)
  const seconds = (performance.now() - backAt) / 1_000
  await annotate(`the first refresh went well ${seconds.toFixed(1)} s after Redis was back`)

  await annotate(`the caller of before was told: ${await toldTruly(inFlight, api)}`)
  expect(await notAsInBackend(env.REDIS_URL, backend, USERS)).toEqual([])
  const hundred = USERS.slice(0, 100)
  edit(backend, hundred, 3)
  expect((await api.refresh(hundred)).body).toMatchObject({ updated: 100, errors: 0 })
  expect(await notAsInBackend(env.REDIS_URL, backend, hundred)).toEqual([])
})

/** Everybody is accounted for, and nobody who is pending stays so. */
async function toldTruly(inFlight: ReturnType<ApiProcess['refresh']>, api: ApiProcess): Promise<string> {
  const { status, body, headers } = await inFlight
  const { updated, errors, pending = 0, failures = [] } = RefreshSummary.parse(body)
  expect(updated + errors + pending).toBe(USERS.length)
  expect(failures.filter(({ code }) => code !== 'store-reset')).toEqual([])
  const location = headers.get('location')
  if (location) {
    await expect
      .poll(async () => (await api.get(location)).body, { timeout: 30_000, interval: 250 })
      .toMatchObject({ state: 'done', pending: 0 })
  }
  return `${status}, ${updated} updated, ${errors} errors, ${pending} pending`
}
