import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { makeToken } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startBackend, type TestBackend } from '../support/backend.ts'
import { listenTo } from '../support/event-source.ts'
import { send } from '../support/http.ts'
import { ownRedis } from '../support/processes.ts'
import { type Rollcall, startRollcall } from '../support/rollcall.ts'

const root = makeToken({ name: 'root', rights: ['view', 'operate', 'notify', 'read'], domains: '*' })
const SOON = { interval: 200 }

let backend: TestBackend
beforeAll(async () => {
  backend = await startBackend()
})
afterAll(() => backend.close())

/** A Rollcall with something in each list, and its Redis, that somebody will fill. */
async function surroundings() {
  const { url: redisUrl } = await ownRedis()
  const redis = new Redis(redisUrl)
  onTestFinished(() => redis.disconnect())
  const rollcall = await startRollcall({
    rosterUrl: backend.template,
    redisUrl,
    env: { TOKENS: JSON.stringify([root.entry]), JOB_ATTEMPTS: '1' },
  })
  onTestFinished(() => rollcall.stop())
  backend.set('mary', 500)
  const { body } = await rollcall.refresh(['john', 'mary'], bearer)
  return { rollcall, redis, refreshId: String(body.refresh) }
}

const bearer = { authorization: `Bearer ${root.token}` }

async function logIn(url: string, headers: Record<string, string> = {}) {
  const body = JSON.stringify({ token: root.token })
  const answer = await send(`${url}/ops/api/session`, { method: 'POST', headers: { origin: url, ...headers }, body })
  return { status: answer.status, cookie: answer.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '' }
}

const ask = (url: string, path: string, cookie: string, method = 'GET', json?: unknown) =>
  send(`${url}/ops/api${path}`, {
    method,
    headers: { cookie, origin: url },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  })

/** What each route that reads answers, but for streams. */
async function readsOf({ api }: Rollcall, cookie: string, refreshId: string): Promise<Record<string, number>> {
  const paths = api.opsRoutes
    .filter(({ method, path }) => method === 'get' && !path.endsWith('/live'))
    .map(({ path }) =>
      path
        .replace(':jid', 'john@localhost')
        .replace(/:shard/, '0')
        .replace(':id', refreshId),
    )
  const statuses = await Promise.all(
    paths.map(async (path) => [path, (await ask(api.url, path, cookie)).status] as const),
  )
  return Object.fromEntries(statuses)
}

describe('with a Redis that takes no writes, who is on call logs in, sees everything, and is told why nothing can be done', () => {
  test.each<
    [what: string, says: RegExp, refuse: (redis: Redis) => Promise<unknown>, mend: (redis: Redis) => Promise<unknown>]
  >([
    [
      'its memory is full',
      /OOM command not allowed/,
      (redis) => redis.config('SET', 'maxmemory', '1mb'),
      (redis) => redis.config('SET', 'maxmemory', '0'),
    ],
    [
      'it is a replica',
      /READONLY/,
      (redis) => redis.replicaof('127.0.0.1', '1'),
      (redis) => redis.replicaof('NO', 'ONE'),
    ],
    ['it cannot save', /MISCONF/, cannotSave, canSave],
  ])('%s', async (_what, says, refuse, mend) => {
    const { rollcall, redis, refreshId } = await surroundings()
    const { url } = rollcall.api
    const { cookie: early } = await logIn(url)
    const well = await readsOf(rollcall, early, refreshId)
    await refuse(redis)

    const { status, cookie } = await logIn(url, { cookie: early })
    expect(status).toBe(200)
    expect(await readsOf(rollcall, cookie, refreshId)).toEqual(well)
    const live = await listenTo(`${url}/ops/api/live`, { cookie })
    await live.until((events) => events.some(({ data }) => /"Redis takes no writes: refreshes are refused/.test(data)))
    await listenTo(`${url}/ops/api/changes/live`, { cookie })
    const refresh = () => ask(url, '/users/john@localhost/refresh', cookie, 'POST')
    const refused = await refresh()
    expect(refused.status).toBe(503)
    expect(refused.json()).toMatchObject({ detail: expect.stringMatching(says) })
    const made = await ask(url, '/tokens', cookie, 'POST', { name: 'more', rights: ['view'], domains: '*' })
    expect(made.json()).toMatchObject({ status: 503, detail: expect.stringMatching(says) })

    expect((await logIn((await rollcall.startApi()).url)).status).toBe(200)

    const { cookie: out } = await logIn(url)
    expect((await ask(url, '/session', out, 'DELETE')).status).toBe(204)
    expect((await ask(url, '/session', out)).status).toBe(401)

    await mend(redis)
    await expect.poll(async () => (await refresh()).status, SOON).toBeLessThan(300)
    const again = (await logIn(url)).cookie
    expect((await ask((await rollcall.startApi()).url, '/session', again)).status).toBe(200)
  })
})

/** A directory stands where the file would. */
async function cannotSave(redis: Redis): Promise<void> {
  await mkdir(await fileOf(redis))
  await redis.config('SET', 'save', '3600 1')
  await redis.bgsave()
  await expect.poll(() => redis.info('persistence'), SOON).toMatch(/rdb_last_bgsave_status:err/)
}

async function canSave(redis: Redis): Promise<void> {
  await rmdir(await fileOf(redis))
  await redis.bgsave()
}

async function fileOf(redis: Redis): Promise<string> {
  const [, directory = ''] = (await redis.config('GET', 'dir')) as string[]
  return join(directory, 'dump.rdb')
}
