import { describe, expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../support/backend.ts'
import type { Behaviour } from '../support/backend-behaviours.ts'
import { freshRedisUrl } from '../support/fresh-redis.ts'
import { spawnApi, spawnWorker } from '../support/processes.ts'
import { edit, notAsInBackend, usernames } from './rosters.ts'

const GOOD = usernames(50)
const ALSO_GOOD = usernames(100).slice(50)

const BAD: Record<string, Behaviour> = {
  'never-answers': { kind: 'hang' },
  drips: { kind: 'drip', everyMs: 500 },
  'never-ends': { kind: 'endless' },
  explodes: { kind: 'gzip-bomb', mebibytes: 200 },
  resets: { kind: 'reset-mid-body' },
  lies: { kind: 'raw', body: '{"a@example.org":{"subscription":"perhaps"}}' },
}

describe('bad users neither delay nor fail the others (G7)', () => {
  test('whatever the backend does with them', async () => {
    const { backend, env, api } = await scene({ BACKEND_TIMEOUT_MS: '8000', JOB_ATTEMPTS: '1' })
    await spawnWorker(env)
    for (const [user, behaviour] of Object.entries(BAD)) backend.set(user, behaviour)
    const mixed = api.refresh(['a/b', ...Object.keys(BAD), ...GOOD])
    await backend.arrived('never-answers')
    const others = await api.refresh(ALSO_GOOD)
    expect(others).toMatchObject({ status: 200, body: { updated: 50, errors: 0 } })
    expect(backend.inFlight('never-answers'), 'the others were answered while the bad ones were waited for').toBe(1)

    const { status, body } = await mixed
    expect({ status, updated: body.updated, errors: body.errors }).toEqual({ status: 200, updated: 50, errors: 7 })
    const failures = body.failures as { username: string; code: string }[]
    expect(Object.fromEntries(failures.map(({ username, code }) => [username, code]))).toEqual({
      'a/b': 'username-invalid',
      'never-answers': 'backend-timeout',
      drips: 'backend-timeout',
      'never-ends': 'roster-too-large',
      explodes: 'roster-too-large',
      resets: 'backend-unreachable',
      lies: 'roster-invalid',
    })
    expect(await notAsInBackend(env.REDIS_URL, backend, [...GOOD, ...ALSO_GOOD])).toEqual([])
  })

  test('one whose fetch kills its worker each time is given up in the end', async () => {
    const { backend, env, api } = await scene({
      MAX_STARTS: '2',
      JOB_LOCK_MS: '3000', // a worker that is slow must not lose its jobs
      STALL_CHECK_MS: '500',
      BACKEND_TIMEOUT_MS: '60000',
      REFRESH_DEADLINE_MS: '38000',
    })
    backend.set('deadly', { kind: 'hang' })
    const mixed = api.refresh(['deadly', ...GOOD])
    for (const victim of [1, 2]) {
      const worker = await spawnWorker(env)
      await backend.arrived('deadly', victim)
      // Those who are fetched at the same moment share the blame for a crash, so let them be done.
      await expect.poll(() => notAsInBackend(env.REDIS_URL, backend, GOOD)).toEqual([])
      worker.kill('SIGKILL')
      await worker.exited
    }
    await spawnWorker(env)
    const { body } = await mixed
    expect(body).toMatchObject({ updated: 50, errors: 1, failures: [{ username: 'deadly', code: 'worker-crashed' }] })
    expect(backend.requests.filter(({ username }) => username === 'deadly')).toHaveLength(2)
    expect(await notAsInBackend(env.REDIS_URL, backend, GOOD)).toEqual([])
  })
})

/** One api, no worker yet. */
async function scene(settings: Readonly<Record<string, string>>) {
  const backend = await startBackend()
  onTestFinished(backend.close)
  edit(backend, [...GOOD, ...ALSO_GOOD], 1)
  const env = { REDIS_URL: await freshRedisUrl(), HTTP_ROSTER_URL: backend.template, ...settings }
  return { backend, env, api: await spawnApi(env) }
}
