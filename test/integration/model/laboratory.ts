import { randomUUID } from 'node:crypto'
import { rosterStore, type Scripts } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { shardKeys } from '../../../packages/runtime/src/keys.ts'
import { freshRedisUrl } from '../../support/fresh-redis.ts'
import { actionFor, dropEnded } from './actions.ts'
import { type FailedUsers, inspect, type Published } from './inspect.ts'
import { quiesce } from './quiesce.ts'
import { type Command, REPLICAS, type Rules, type Scenario, WORKERS } from './scenario.ts'
import { userJid } from './serial-rosters.ts'
import { simulatedQueue } from './simulated-queue.ts'
import { simulatedReplica } from './simulated-replica.ts'
import { truth as newTruth } from './truth.ts'
import type { ViolationKind } from './violation.ts'
import type { World } from './world.ts'

/** Begins without an end after which a user is given up. */
const MAX_STARTS = 3

/** What guards against an emptied backend is tried elsewhere. */
const NEVER_HELD = { emptiedShare: 1, emptiedMin: 0 }

/** When a repair comes is for the scheduler to say, and not for the clock. */
const REPAIRED_AT_ONCE = { repairMinMs: 0, repairMaxMs: 0 }

/** What is tried: scripts, what surrounds them, and which kinds of violation are watched for. */
export interface Protocol {
  readonly scripts: Scripts
  readonly rules: Rules
  readonly watched: readonly ViolationKind[]
}

/** A Redis database of its own to play scenarios in, and a connection that hears what is published to replicas. */
export interface Laboratory {
  /** Plays a scenario to its end. Throws a `Violation`. */
  play(scenario: Scenario, protocol: Protocol): Promise<void>
  close(): void
}

export async function laboratory(): Promise<Laboratory> {
  const url = await freshRedisUrl()
  const redis = new Redis(url)
  const subscriber = new Redis(url)
  let published: Published[] = []
  subscriber.on('message', (channel: string, text: string) => {
    published.push({ replica: channel.slice(channel.lastIndexOf(':') + 1), text })
  })
  /** What was published by scripts that have answered: it comes before the answer to a ping. */
  const heard = async (): Promise<Published[]> => {
    await subscriber.ping()
    const messages = published
    published = []
    return messages
  }

  async function play(scenario: Scenario, protocol: Protocol): Promise<void> {
    await redis.flushdb()
    const names = Array.from({ length: REPLICAS }, () => `model-${randomUUID()}`)
    const channels = names.map((name) => shardKeys(0).settledPrefix + name)
    await subscriber.subscribe(...channels)
    const world = newWorld(scenario, protocol, names, redis)
    try {
      const perform = (command: Command) => performIn(world, command, heard)
      for (const command of scenario.commands) await perform(command)
      await quiesce(world, scenario, perform)
    } finally {
      for (const replica of world.replicas) replica.close()
      await subscriber.unsubscribe(...channels)
      await heard()
    }
  }

  return {
    play,
    close() {
      redis.disconnect()
      subscriber.disconnect()
    },
  }
}

function newWorld(
  { users }: Scenario,
  { scripts, rules, watched }: Protocol,
  names: readonly string[],
  redis: Redis,
): World {
  const jids = Array.from({ length: users }, (_, i) => userJid(i))
  const truth = newTruth(jids, MAX_STARTS, watched)
  const store = rosterStore({
    redis,
    shards: 1,
    maxStarts: MAX_STARTS,
    changesMaxLen: 100_000,
    ...REPAIRED_AT_ONCE,
    ...NEVER_HELD,
    rosterTtlS: 1, // who is used, and when he is looked at, is for the scheduler to say
    scripts,
  })
  const queue = simulatedQueue(redis)
  return {
    truth,
    store,
    redis,
    queue,
    workers: Array.from({ length: WORKERS }, () => null),
    replicas: names.map((name) => simulatedReplica({ name, store, queue, truth })),
    calls: [],
    cancels: [],
    rules,
  }
}

/** Does what a command says, and checks all that can be checked after each step. False: it makes no sense now. */
async function performIn(world: World, command: Command, heard: () => Promise<Published[]>): Promise<boolean> {
  const { truth, replicas, calls, store, redis } = world
  const action = actionFor(command, world)
  if (!action) return false
  truth.step(action.what)
  await action.run()
  truth.throwIfViolated()
  if (action.writes) {
    const messages = await heard()
    for (const { replica, text } of messages) replicas.find(({ name }) => name === replica)?.inbox.push(text)
    await inspect(store, await failedUsers(redis), messages, truth)
  }
  for (const { tally, request } of calls) {
    const { updated, errors, pending } = tally.counts()
    if (updated + errors + pending !== request.users.length) truth.violated('G5', `${request.name} does not add up`)
  }
  dropEnded(calls)
  truth.throwIfViolated()
  return true
}

async function failedUsers(redis: Redis): Promise<FailedUsers> {
  const { failed, failedGroups, failedGroup } = shardKeys(0)
  const [toBeRepaired, names] = await Promise.all([redis.zrange(failed, '0', '-1'), redis.hkeys(failedGroups)])
  const groups = names.map(async (name) => ({ name, users: await redis.zrange(failedGroup(name), '0', '-1') }))
  return { toBeRepaired, groups: await Promise.all(groups) }
}
