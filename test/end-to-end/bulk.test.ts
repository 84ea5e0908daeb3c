import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../support/backend.ts'
import { freshRedisUrl } from '../support/fresh-redis.ts'
import { spawnApi, spawnWorker } from '../support/processes.ts'
import { edit, notAsInBackend, usernames } from './rosters.ts'

const MANY = usernames(15_000)
const SINGLE = Array.from({ length: 10 }, (_, i) => `single-${i}`)
/** What an api may take for 100,000 users. */
const MOST_RESIDENT_BYTES = 300e6

describe('a refresh of very many users', { timeout: 180_000 }, () => {
  test('completes in bounded memory, and others are answered while it runs', async ({ annotate }) => {
    const backend = await startBackend()
    onTestFinished(backend.close)
    const env = { REDIS_URL: await freshRedisUrl(), HTTP_ROSTER_URL: backend.template }
    const [api] = await Promise.all([spawnApi(env), spawnWorker(env)])
    edit(backend, [...MANY, ...SINGLE], 1)

    const bulk = api.refresh(MANY)
    await backend.until(() => backend.requests.length > 0)
    for (const user of SINGLE) {
      expect((await api.get(`/roster_admin/refresh/${user}`)).body).toMatchObject({ status: 'ok' })
    }
    const fetched = backend.requests.length
    await annotate(`${fetched} were fetched when the last of ${SINGLE.length} single users was answered`)
    expect(fetched, 'the large refresh is over').toBeLessThan(MANY.length)

    const { refresh } = (await bulk).body // 200, or 202 on a busy machine
    await expect
      .poll(async () => (await api.get(`/v1/refreshes/${refresh}`)).body, { timeout: 120_000, interval: 250 })
      .toMatchObject({ state: 'done', updated: MANY.length, changed: MANY.length, errors: 0, pending: 0 })
    expect(mostResident(api.pid)).toBeLessThan(MOST_RESIDENT_BYTES)
    expect(await notAsInBackend(env.REDIS_URL, backend, [...MANY, ...SINGLE])).toEqual([])
  })
})

/** Bytes, since the process started. */
const mostResident = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
