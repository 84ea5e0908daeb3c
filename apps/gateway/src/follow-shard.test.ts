import { setTimeout as pause } from 'node:timers/promises'
import type { BareJid } from '@rollcall/roster'
import {
  createLog,
  loadConfig,
  newestChange,
  type Position,
  shardOf,
  type TargetConfig,
  type TargetLog,
  targetLog,
} from '@rollcall/runtime'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contact, gatewayWorld, userNamed } from '../../../test/support/gateway.ts'
import type { ChangeBell } from './change-bells.ts'
import type { Deliveries } from './deliveries.ts'
import { type Following, followShard } from './follow-shard.ts'

/** All the time: it looks as often as it can. */
const RINGING: ChangeBell = { quiet() {}, wait: () => pause(1), close() {} }

/** Much longer than anything here takes on a busy machine. */
const LOST_MS = 10_000

const log = createLog({ level: 'silent', name: 'test' })
const [config] = loadConfig({
  cwd: '/nonexistent',
  env: {
    HTTP_ROSTER_URL: 'http://127.0.0.1/%s',
    XMPP_DOMAIN: 'example.org',
    TARGETS: JSON.stringify({
      server: { type: 'ejabberd-http', url: 'http://127.0.0.1:1/', drift: 'off', maxPerSecond: 100_000 },
    }),
  },
}).targets as [TargetConfig]

type Step =
  | { readonly kind: 'change'; readonly user: number }
  /** The backend says that he is gone. */
  | { readonly kind: 'remove'; readonly user: number }
  /** One of those that are under way arrives; which, is up to chance. */
  | { readonly kind: 'arrive'; readonly which: number }
  /** The follower reads what there is. */
  | { readonly kind: 'read' }
  /** The gateway ends, and the next one reads from Redis where to go on. */
  | { readonly kind: 'crash' | 'handOver' }
  /** The log keeps its last entries only. */
  | { readonly kind: 'trim'; readonly kept: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('change' as const), user: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), user: fc.nat(4) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('arrive' as const), which: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('crash' as const, 'handOver' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('trim' as const), kept: fc.nat(2) }) },
)

/** Takes what a follower adds, and leaves it to the test when it arrives. */
function deliveriesByHand() {
  const underWay: Parameters<Deliveries['add']>[0][] = []
  const deliveries: Deliveries = {
    add: (task) => void underWay.push(task),
    enable: () => {},
    drop: () => {},
    state: () => ({ delivered: 0, rejected: 0, writes: 0, failingSince: 0, isGone: false, recoveredFrom: 0 }),
    close: async () => {},
  }
  return { underWay, deliveries }
}

/** Whether every user has, in the end, been told of in the state that is stored. */
async function losesNothing(steps: readonly Step[], spoil: (changes: TargetLog) => TargetLog): Promise<boolean> {
  const world = await gatewayWorld()
  /** How often each user has changed, or was removed. */
  const stored = new Map<BareJid, number>()
  const told = new Map<BareJid, number>()
  const real = targetLog({ redis: world.redis, target: config.name, shard: 0 })
  let reads = 0
  const counted: TargetLog = {
    ...real,
    follow: (position, most) => real.follow(position, most).finally(() => reads++),
  }
  let hands = deliveriesByHand()
  let following = follow()

  function follow(): Following {
    const { deliveries } = hands
    return followShard({
      bell: RINGING,
      config,
      shard: 0,
      shards: 1,
      changes: spoil(counted),
      deliveries,
      gateway: 'g',
      pollMs: 1,
      log,
    })
  }

  /** He is told of as he is stored at this moment. */
  function arrive(which: number): void {
    const [task] = hands.underWay.splice(which % hands.underWay.length, 1)
    if (!task) return
    told.set(task.user.jid, stored.get(task.user.jid) ?? 0)
    for (const ended of task.ended) ended('arrived')
  }

  async function take(next: Step): Promise<void> {
    switch (next.kind) {
      case 'change': {
        const user = userNamed(`user${next.user}`)
        const version = (stored.get(user.jid) ?? 0) + 1
        await world.change(user, [contact('aaron', { name: String(version) })])
        stored.set(user.jid, version)
        return
      }
      case 'remove': {
        const user = userNamed(`user${next.user}`)
        if (!world.rosters.has(user.jid)) return
        await world.remove(user)
        stored.set(user.jid, (stored.get(user.jid) ?? 0) + 1)
        return
      }
      case 'arrive':
        return arrive(next.which)
      case 'read':
        for (const enough = reads + 2; reads < enough; ) await world.redis.ping()
        return
      case 'trim':
        return void (await world.redis.xtrim(world.keys.changes, 'MAXLEN', next.kept))
      default:
        await following.stop(next.kind === 'handOver')
        hands = deliveriesByHand()
        following = follow()
    }
  }

  const isAllTold = (): boolean => [...stored].every(([jid, version]) => told.get(jid) === version)

  try {
    for (const next of steps) await take(next)
    await take({ kind: 'handOver' })
    for (const end = performance.now() + LOST_MS; !isAllTold() && performance.now() < end; await world.redis.ping())
      while (hands.underWay.length > 0) arrive(0)
    return isAllTold()
  } finally {
    await following.stop(false)
    await world.end()
  }
}

const steps = fc.array(step, { minLength: 5, maxLength: 40 })

test('G6: whatever happens in whatever order, every user is told of as he is stored in the end', async () => {
  await fc.assert(
    fc.asyncProperty(steps, (all) => losesNothing(all, (changes) => changes)),
    { numRuns: 100, endOnFailure: true },
  )
}, 120_000)

test('G6: who is removed while the log forgets it, and is not gone through, is found by this', async () => {
  const storedOnly = (changes: TargetLog): TargetLog => ({
    ...changes,
    walkOn: (domain, { goneAfter: _, ...walk }, most) => changes.walkOn(domain, walk, most),
  })
  const removed: Step[] = [
    { kind: 'change', user: 0 },
    { kind: 'read' },
    { kind: 'arrive', which: 0 },
    { kind: 'handOver' },
    { kind: 'remove', user: 0 },
    { kind: 'change', user: 1 },
    { kind: 'trim', kept: 1 },
  ]
  expect(await losesNothing(removed, (changes) => changes)).toBe(true)
  expect(await losesNothing(removed, storedOnly)).toBe(false)
}, 120_000)

test('G6: who belongs to another shard since SHARDS was changed holds up nobody', async () => {
  const world = await gatewayWorld()
  for (let i = 0; i < 10; i++) await world.change(userNamed(`user${i}`), [contact('aaron')])
  const { underWay, deliveries } = deliveriesByHand()
  const changes = targetLog({ redis: world.redis, target: config.name, shard: 0 })
  const hook = { ...config, type: 'webhook' } as TargetConfig
  await changes.writePosition({ epoch: (await world.redis.get(world.keys.epoch)) ?? '', id: '0-0' })
  await changes.beginWalk('reconcile')
  const options = { changes, deliveries, gateway: 'g', pollMs: 1, log, bell: RINGING, shard: 0, shards: 2 }
  const following = followShard({ ...options, config: hook })
  await expect.poll(() => underWay.length).toBeGreaterThan(2)
  expect(underWay.filter(({ user }) => shardOf(user.jid, 2) !== 0)).toEqual([])
  await expect
    .poll(async () => {
      for (const { ended } of underWay.splice(0)) for (const each of ended) each('arrived')
      const { position, walk } = await changes.delivery()
      return { walk, isAtEnd: position?.id === (await newestChange(world.redis, 0, '0-0')) }
    })
    .toEqual({ walk: null, isAtEnd: true })
  await following.stop(false)
  await world.end()
})

test('G6: a position that is written too far is found by this', async () => {
  const tooFar = (changes: TargetLog): TargetLog => {
    let read: Position | undefined
    return {
      ...changes,
      async follow(position, most) {
        const followed = await changes.follow(position, most)
        const last = followed.entries.at(-1)
        read = last ? { ...followed.position, id: last.id } : followed.position
        return followed
      },
      writeState: async (state) => {
        if (read?.epoch) await changes.writePosition(read)
        return changes.writeState(state)
      },
    }
  }
  const outOfOrder: Step[] = [
    { kind: 'read' },
    { kind: 'change', user: 0 },
    { kind: 'change', user: 1 },
    { kind: 'read' },
    { kind: 'arrive', which: 1 },
    { kind: 'handOver' },
  ]
  expect(await losesNothing(outOfOrder, (changes) => changes)).toBe(true)
  expect(await losesNothing(outOfOrder, tooFar)).toBe(false)
}, 120_000)

test('all shards together are gone through at the rate of the target', async () => {
  const world = await gatewayWorld()
  const users = Array.from({ length: 600 }, (_, i) => userNamed(`user${i}`)).filter(({ jid }) => shardOf(jid, 2) === 0)
  for (const user of users.slice(0, 250)) await world.change(user, [contact('aaron')])
  const told = new Set<BareJid>()
  const { deliveries: byHand } = deliveriesByHand()
  const deliveries: Deliveries = {
    ...byHand,
    add(task) {
      told.add(task.user.jid)
      for (const ended of task.ended) ended('arrived')
    },
  }
  const changes = targetLog({ redis: world.redis, target: config.name, shard: 0 })
  const started = performance.now()
  const following = followShard({
    bell: RINGING,
    config: { ...config, maxPerSecond: 200 } as TargetConfig,
    shard: 0,
    shards: 2,
    changes,
    deliveries,
    gateway: 'g',
    pollMs: 10,
    log,
  })
  await expect.poll(() => told.size).toBe(250)
  expect(performance.now() - started).toBeGreaterThan(1_900) // two full pages of 100 and the rest, at 100 in a second
  await following.stop(false)
  await world.end()
})
