import { shardKeys } from '@rollcall/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { startBackend, type TestBackend } from '../support/backend.ts'
import { type ApiProcess, spawnApi, spawnWorker } from '../support/processes.ts'
import { redisCluster, type TestCluster } from '../support/redis-cluster.ts'
import { edit, notAsInBackend, shardOfUser, usernames } from './rosters.ts'
import { HURRIED, refreshSteadily } from './told-editions.ts'

const SHARDS = 6
const USERS = usernames(600)

test('on a Cluster masters die and hang, and only their shards wait; a slot moves; nobody is told what is not so', {
  timeout: 120_000,
}, async ({ annotate }) => {
  const { cluster, backend, api } = await scene()
  edit(backend, USERS, 0)
  expect((await api.refresh(USERS)).body).toMatchObject({ updated: USERS.length, errors: 0 })
  expect(await notAsInBackend(cluster.redis, backend, USERS, SHARDS)).toEqual([])
  expect((await api.get('/health/ready')).body).toMatchObject({ status: 'ok', reasons: [] })

  for (const [signal, shard] of [
    ['SIGKILL', 0],
    ['SIGSTOP', 1],
  ] as const) {
    const { victim, hit, spared } = await loads(shard, { cluster, backend, api })
    const since = performance.now()
    victim.child.kill(signal)
    await expect.poll(async () => (await cluster.masterOf(shardKeys(shard).open)).port, POLL).not.toBe(victim.port)
    await hit.untilWell(performance.now())
    const seconds = (performance.now() - since) / 1_000
    if (signal === 'SIGSTOP') victim.child.kill('SIGCONT')
    for (const load of [hit, spared]) await load.stop()
    await annotate(`${signal}: its shards were back after ${seconds.toFixed(1)} s; ${hit.counts.otherwise} refused`)
    expect(seconds, signal).toBeLessThan(15)
    expect(spared.counts.well).toBeGreaterThan(0)
    expect(spared.counts.otherwise, `${signal}: refreshes of other shards that did not go well`).toBe(0)
    for (const load of [hit, spared]) await expect.poll(() => load.stale(cluster.redis), POLL).toEqual([])
  }

  const { hit } = await loads(2, { cluster, backend, api })
  for (let moves = 0; moves < 3; moves++) {
    const before = await cluster.masterOf(shardKeys(2).open)
    await cluster.moveSlot(shardKeys(2).open)
    await expect.poll(async () => (await cluster.masterOf(shardKeys(2).open)).port, POLL).not.toBe(before.port)
    await hit.untilWell(performance.now())
  }
  await hit.stop()
  await annotate(`a slot moved 3 times: ${hit.counts.well} went well, ${hit.counts.otherwise} did not`)
  await expect.poll(() => hit.stale(cluster.redis), POLL).toEqual([])
})

const POLL = { timeout: 60_000 }

async function scene() {
  const backend = await startBackend()
  onTestFinished(backend.close)
  const cluster = await redisCluster()
  // Nobody looks now and then: what is missed when a master or a slot changes has to be looked for then.
  const env = { ...HURRIED, SHARDS: String(SHARDS), RECHECK_INTERVAL_MS: '600000', HTTP_ROSTER_URL: backend.template }
  const [api] = await Promise.all([
    spawnApi({ ...env, ...cluster.env }),
    spawnWorker({ ...env, ...cluster.env }),
    spawnWorker({ ...env, ...cluster.env }),
  ])
  return { backend, cluster, api }
}

/** Refreshes that run: of the users of the master of a shard, and of all others. */
async function loads(
  shard: number,
  { cluster, backend, api }: { cluster: TestCluster; backend: TestBackend; api: ApiProcess },
) {
  const masters = await Promise.all(Array.from({ length: SHARDS }, (_, s) => cluster.masterOf(shardKeys(s).open)))
  const victim = masters[shard]
  if (!victim) throw new Error(`There is no shard ${shard}`)
  const isHit = (user: string) => masters[shardOfUser(user, SHARDS)] === victim
  const hit = refreshSteadily(api, backend, USERS.filter(isHit), SHARDS)
  const spared = refreshSteadily(
    api,
    backend,
    USERS.filter((user) => !isHit(user)),
    SHARDS,
  )
  onTestFinished(() => Promise.all([hit.stop(), spared.stop()]).then(() => {}))
  for (const load of [hit, spared]) await load.untilWell(performance.now())
  return { victim, hit, spared }
}
