import { applyDiff, type BareJid, decodeChange, EMPTY_ROSTER, type Roster, toContactsBody } from '@rollcall/roster'
import type { Redis } from 'ioredis'
import { shardKeys } from '../../../packages/runtime/src/keys.ts'
import { isLeftAlone } from './inspect.ts'
import { type Command, REPLICAS, type Scenario } from './scenario.ts'
import { rosterOf } from './serial-rosters.ts'
import type { WorkerRun } from './simulated-worker.ts'
import type { World } from './world.ts'

/** Far more than a world without faults needs; whoever does not come to rest within never will. */
const MOST_ROUNDS = 60

type Perform = (command: Command) => Promise<boolean>

/** Lets everything run to its end without further faults, and checks what has to be true when all is quiet. */
export async function quiesce(world: World, scenario: Scenario, perform: Perform): Promise<void> {
  const { truth } = world
  for (let round = 0; await runOnce(world, scenario, perform); round++) {
    if (round < MOST_ROUNDS) continue
    truth.violated('L', 'it never comes to rest')
    break
  }
  truth.throwIfViolated()
  await lookUntilAllHeard(world, perform)
  await checkAtRest(world, scenario)
  truth.throwIfViolated()
}

/** One round of everything that goes on by itself; false when nothing did. */
async function runOnce(world: World, scenario: Scenario, perform: Perform): Promise<boolean> {
  let moved = false
  const all = async (command: Command) => {
    while (await perform(command)) moved = true
  }
  await all({ do: 'api', call: 0 })
  await all({ do: 'go-on-cancel', call: 0 })
  if (await finishJobs(world, scenario, perform)) moved = true
  if (await perform({ do: 'stall-check' })) moved = true
  if (await perform({ do: 'wake' })) moved = true
  for (let replica = 0; replica < REPLICAS; replica++) await all({ do: 'deliver', replica })
  if (moved || world.queue.size() > 0) return true
  await perform({ do: 'sweep' })
  if (world.queue.size() > 0) return true
  if (!(await someoneToRepair(world, scenario))) return false
  await perform({ do: 'repair' })
  return true
}

/** Somebody whose last fetch failed, and whose next one will go well. */
async function someoneToRepair({ truth, redis }: World, { poisoned }: Scenario): Promise<boolean> {
  const failed = await redis.zrange(shardKeys(0).failed, '0', '-1')
  return truth.users.some((jid, i) => i !== poisoned && failed.includes(jid))
}

async function finishJobs(world: World, scenario: Scenario, perform: Perform): Promise<boolean> {
  let moved = false
  for (;;) {
    const run = world.workers.find((worker) => worker !== null)
    const dies = run && (isPoisoned(run, world, scenario) || isFrozenForEver(run, world, scenario))
    if (!(await perform(dies ? { do: 'crash', worker: 0 } : { do: 'work', worker: 0, pick: 0 }))) return moved
    moved = true
  }
}

const isPoisoned = (run: WorkerRun, { truth }: World, { poisoned }: Scenario): boolean =>
  poisoned !== null && run.user === truth.users[poisoned] && run.at() === 'fetch'

const isFrozenForEver = (run: WorkerRun, { queue }: World, { frozenForEver }: Scenario): boolean =>
  frozenForEver && !queue.holds(run.job, run.token)

/** Lost messages are what the looks are for. */
async function lookUntilAllHeard({ replicas, truth, calls }: World, perform: Perform): Promise<void> {
  for (let replica = 0; replica < REPLICAS; replica++) {
    if (replicas[replica]?.looking()) await perform({ do: 'look', replica }) // an old one: begun before the end
    await perform({ do: 'look', replica })
    await perform({ do: 'look', replica })
  }
  for (const { request, tally } of calls) {
    if (request.crashed) continue
    const { pending } = tally.counts()
    if (pending > 0) truth.violated('G5', `${request.name} waits for ${pending} for ever`)
  }
}

async function checkAtRest({ truth, store, redis }: World, { poisoned }: Scenario): Promise<void> {
  const { states } = await store.states(0, truth.users)
  const open = await redis.zrange(shardKeys(0).open, '0', '-1')
  const logged = await replayedChanges(redis, truth)
  for (const [i, jid] of truth.users.entries()) {
    const state = states[i]
    if (!state) throw new Error(`No state of ${jid}`)
    const { wanted, fetched, failed } = state
    if (wanted > Math.max(fetched, failed)) truth.violated('L', `quiet, but ${jid} is open: ${JSON.stringify(state)}`)
    const { stored, dropped } = truth.of(jid)
    if (failed > fetched && i !== poisoned && !isLeftAlone(jid, state, truth))
      truth.violated('R', `quiet, but the last fetch of ${jid} failed`)
    if (open.includes(jid)) truth.violated('L', `quiet, but ${jid} is still listed as open`)
    const asked = truth.requests
      .filter(({ accepted }) => accepted?.losses === truth.losses())
      .map(({ serials }) => serials.get(jid) ?? 0)
    if (fetched >= wanted && fetched >= failed && (stored?.serial ?? 0) < Math.max(0, ...asked))
      truth.violated('C', `quiet, and ${jid} was fetched well, but ${stored?.serial} is stored`)
    const body = (await store.read(jid))?.body.toString() ?? null
    const replayed = logged.get(jid)
    if (dropped === 'gone' && replayed && replayed.size > 0)
      truth.violated('G6', `${jid} is gone, but the changes lead to ${toContactsBody(replayed)}`)
    if ((await store.isGone(jid)) !== (dropped === 'gone'))
      truth.violated('G6', `${jid} is ${dropped === 'gone' ? '' : 'not '}gone, and is kept as if not so`)
    if (body !== (replayed && !dropped ? toContactsBody(replayed) : null))
      truth.violated('G6', `the changes of ${jid} do not lead to its roster ${body}`)
  }
}

/** A change that says only how much it is has to be read as a whole; one that no commit made empties the roster. */
async function replayedChanges(redis: Redis, { users, of, violated }: World['truth']): Promise<Map<BareJid, Roster>> {
  const rosters = new Map<BareJid, Roster>()
  const versions = new Map<BareJid, number>(users.map((jid) => [jid, 0]))
  for (const [id, fields] of await redis.xrange(shardKeys(0).changes, '-', '+')) {
    const [, user = '', , version = '', , diff = ''] = fields
    const change = decodeChange({ id, user, version, diff })
    const before = versions.get(change.user)
    if (change.version !== (before ?? Number.NaN) + 1)
      violated('G6', `${user} goes from version ${before} to ${version}`)
    versions.set(change.user, change.version)
    const serial = of(change.user).serials.get(change.version)
    const whole = change.truncated && (serial === undefined ? EMPTY_ROSTER : rosterOf(serial))
    rosters.set(change.user, whole || applyDiff(rosters.get(change.user) ?? EMPTY_ROSTER, change))
  }
  return rosters
}
