import { BareJid } from '@rollcall/roster'
import { shardKeys } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../support/backend.ts'
import { freshRedisUrl } from '../support/fresh-redis.ts'
import { type AppProcess, spawnApi, spawnWorker } from '../support/processes.ts'
import { edit, notAsInBackend, usernames } from './rosters.ts'

const USERS = usernames(50)

test('a worker that slept past its locks does not replace what another one has fetched meanwhile', async () => {
  const backend = await startBackend()
  onTestFinished(backend.close)
  const env = {
    REDIS_URL: await freshRedisUrl(),
    HTTP_ROSTER_URL: backend.template,
    JOB_LOCK_MS: '1000',
    STALL_CHECK_MS: '500',
  }
  const [api, sleeper] = await Promise.all([spawnApi(env), spawnWorker(env)])
  const redis = new Redis(env.REDIS_URL)
  onTestFinished(() => redis.disconnect())

  // The sleeper has asked for every roster, and is put to sleep before edition 1 reaches it.
  edit(backend, USERS, 1)
  const held = backend.hold('*')
  const answer = api.refresh(USERS)
  await backend.until(() => backend.requests.length === USERS.length)
  sleeper.kill('SIGSTOP')
  held.release()
  await backend.idle()

  edit(backend, USERS, 2)
  const other = await spawnWorker(env)
  expect((await answer).body).toMatchObject({ updated: USERS.length, errors: 0 })
  expect(await notAsInBackend(env.REDIS_URL, backend, USERS)).toEqual([])
  const before = await Promise.all(USERS.map((user) => redis.hgetall(userKey(user))))

  sleeper.kill('SIGCONT')
  await endWell(sleeper)
  expect(await Promise.all(USERS.map((user) => redis.hgetall(userKey(user))))).toEqual(before)
  expect(await notAsInBackend(env.REDIS_URL, backend, USERS)).toEqual([])
  // One calm line each, however many jobs there were.
  await other.waitForLine(RUN_AGAIN)
  expect(troubles(sleeper)).toEqual([expect.stringMatching(LOST)])
  expect(troubles(other)).toEqual([expect.stringMatching(RUN_AGAIN)])
})

const userKey = (user: string) => shardKeys(0).user(BareJid.parse(`${user}@localhost`))

/** Then what it slept on is over: a worker finishes its jobs first. */
async function endWell(worker: AppProcess): Promise<void> {
  expect(await worker.stop()).toEqual({ code: 0, signal: null })
}

const LOST = /"jobs":50,"msg":"Jobs of this worker are no longer its own/
const RUN_AGAIN = /"jobs":50,"msg":"Jobs whose worker was silent for too long are run again"/

const troubles = ({ lines }: AppProcess) => lines.filter((line) => !line.includes('"level":"info"'))
