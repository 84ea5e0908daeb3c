import { OpsSnapshot } from '@rollcall/roster'
import { expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../support/backend.ts'
import { freshRedisUrl } from '../support/fresh-redis.ts'
import { type ApiProcess, ownRedis, spawnApi, spawnWorker, temporaryDirectory } from '../support/processes.ts'

const reasonsOf = async (api: ApiProcess): Promise<readonly string[]> =>
  OpsSnapshot.parse((await api.get('/ops/api/snapshot')).body).health.troubles.map(({ text }) => text)

/** Whoever looks at the dashboard is told within 15 s, and again that it is over; on a busy machine it may take three times as long. */
const IN_TIME = { timeout: 45_000, interval: 250 }
const told = (api: ApiProcess, sentence: RegExp) =>
  expect.poll(() => reasonsOf(api), IN_TIME).toContainEqual(expect.stringMatching(sentence))
const over = (api: ApiProcess) => expect.poll(() => reasonsOf(api), IN_TIME).toEqual([])

test('a killed worker is named, and that none is left; it is over when others are started', async () => {
  const backend = await startBackend()
  onTestFinished(backend.close)
  const env = { REDIS_URL: await freshRedisUrl(), HTTP_ROSTER_URL: backend.template }
  const [api, two] = await Promise.all([spawnApi(env), spawnWorker(env)])
  const one = await spawnWorker(env) // a worker that starts after another was last heard of may have been started in its place
  await over(api)
  one.kill('SIGKILL')
  await told(api, new RegExp(`^worker-\\w+ \\(pid ${one.pid} on .*\\) was last heard of \\d+ s ago`))
  two.kill('SIGKILL')
  await told(api, /^No worker is alive: refreshes wait in the queue/)
  await Promise.all([spawnWorker(env), spawnWorker(env)])
  await over(api)
})

test('a backend that is gone is told of by name, and that it is over when it is back', async () => {
  const backend = await startBackend()
  const env = { REDIS_URL: await freshRedisUrl(), HTTP_ROSTER_URL: backend.template }
  const [api] = await Promise.all([spawnApi(env), spawnWorker(env)])
  await api.refresh(['john'])
  await backend.close()
  await api.refresh(['a', 'b', 'c', 'd', 'e'])
  await told(api, /^The backend of localhost does not (answer well|work)/)
  const back = await startBackend({ port: Number(new URL(backend.template.replace('%s', 'x')).port) })
  onTestFinished(back.close)
  expect((await api.refresh(['a', 'b', 'c', 'd', 'e'])).body).toMatchObject({ updated: 5 })
  await over(api)
})

test('a Redis that was killed is told of, and that it is over when it is back', async () => {
  const backend = await startBackend()
  onTestFinished(backend.close)
  const directory = await temporaryDirectory()
  const redis = await ownRedis({ directory })
  const env = { REDIS_URL: redis.url, HTTP_ROSTER_URL: backend.template }
  const [api] = await Promise.all([spawnApi(env), spawnWorker(env)])
  await over(api)
  redis.child.kill('SIGKILL')
  await told(api, /^Redis cannot be read: /)
  await ownRedis({ directory, port: redis.port })
  await over(api)
})
