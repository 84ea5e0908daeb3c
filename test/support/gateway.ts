import {
  type BareJid,
  type Contact,
  diffRosters,
  EMPTY_ROSTER,
  encodeChange,
  type Roster,
  toContactsBody,
  type User,
  userFromJid,
} from '@rollcall/roster'
import { createLog, newProcessId, startHeartbeat, type TargetConfig, type TargetState } from '@rollcall/runtime'
import { afterEach, beforeEach } from 'vitest'
import { holdUnits } from '../../apps/gateway/src/hold-units.ts'
import { serveUnits } from '../../apps/gateway/src/serve-unit.ts'
import { type Target, TargetError } from '../../apps/gateway/src/targets/target.ts'
import { unitsOf } from '../../apps/gateway/src/units.ts'
import { type FreshStore, freshStore } from './fresh-store.ts'

const log = createLog({ level: 'silent', name: 'test' })
export const LEASE_MS = 600

/** A store whose changes gateways tell to targets that tests make up. */
export async function gatewayWorld() {
  const world: FreshStore = await freshStore()
  const rosters = new Map<BareJid, Roster>()
  const running = new Set<TestGateway>()

  return {
    ...world,
    /** What is stored of each user. */
    rosters: rosters as ReadonlyMap<BareJid, Roster>,

    /** Stores a roster as a worker does. */
    async change(user: User, contacts: readonly Contact[]): Promise<void> {
      const roster: Roster = new Map(contacts.map((contact) => [contact.jid, contact]))
      const diff = diffRosters(rosters.get(user.jid) ?? EMPTY_ROSTER, roster)
      const fetch = await world.begin(user)
      const body = toContactsBody(roster)
      const change = encodeChange(diff)
      await world.store.commit(user, fetch, { body, etag: body, source: {}, contacts: roster.size, change })
      rosters.set(user.jid, roster)
    },

    /** The backend says that he is gone, as a worker has it. */
    async remove(user: User): Promise<void> {
      const lock = { jobId: 'job', token: 'token' }
      await world.redis.set(world.keys.jobLock(lock.jobId), lock.token)
      const failure = { code: 'user-unknown', message: 'gone' } as const
      const change = encodeChange(diffRosters(rosters.get(user.jid) ?? EMPTY_ROSTER, EMPTY_ROSTER))
      await world.store.drop(user, await world.begin(user), failure, change, lock)
      rosters.delete(user.jid)
    },

    startGateway(targets: readonly TargetConfig[], makeTarget: (config: TargetConfig) => Target): TestGateway {
      const { redis, store } = world
      const id = newProcessId('gateway')
      const shards = 1
      const stopHeartbeat = startHeartbeat({ redis, id, role: 'gateway', version: '0', shards, intervalMs: 100 })
      const serving = serveUnits({ redis, store, shards, gateway: id, changesPollMs: 10, makeTarget, log })
      const holding = holdUnits({
        redis,
        gateway: id,
        units: async () => unitsOf(targets, shards),
        leaseMs: LEASE_MS,
        serve: serving.serve,
        log,
      })
      const gateway: TestGateway = {
        id,
        states: () => serving.followings().flatMap((following) => following.state() ?? []),
        async stop() {
          running.delete(gateway)
          await stopHeartbeat()
          await holding.stop()
        },
      }
      running.add(gateway)
      return gateway
    },

    async end(): Promise<void> {
      await Promise.all([...running].map((gateway) => gateway.stop()))
      world.close()
    },
  }
}

export type GatewayWorld = Awaited<ReturnType<typeof gatewayWorld>>

/** `gatewayWorld` for the tests of a file: a new one for each. */
export function gatewayWorldOfTest(): Pick<
  GatewayWorld,
  'redis' | 'keys' | 'another' | 'rosters' | 'change' | 'remove' | 'startGateway'
> {
  let world: GatewayWorld
  beforeEach(async () => {
    world = await gatewayWorld()
  })
  afterEach(() => world.end())
  return {
    get redis() {
      return world.redis
    },
    get keys() {
      return world.keys
    },
    get rosters() {
      return world.rosters
    },
    another: (options) => world.another(options),
    change: (user, contacts) => world.change(user, contacts),
    remove: (user) => world.remove(user),
    startGateway: (targets, makeTarget) => world.startGateway(targets, makeTarget),
  }
}

export interface TestGateway {
  readonly id: string
  /** Of the targets that it serves. */
  states(): TargetState[]
  stop(): Promise<void>
}

export const contact = (name: string, more: Partial<Contact> = {}): Contact => ({
  jid: `${name}@example.org` as BareJid,
  groups: [],
  subscription: 'both',
  ...more,
})

export const userNamed = (name: string): User => userFromJid(`${name}@example.org` as BareJid)

/** A server in memory, which can be made to fail. */
export function memoryServer() {
  const rosters = new Map<BareJid, Map<BareJid, Contact>>()
  const writes: string[] = []
  let attempts = 0
  let fault: ((user?: User, contact?: BareJid) => TargetError | 'hang' | undefined) | undefined
  const meet = async (user: User | undefined, signal: AbortSignal, contact?: BareJid): Promise<void> => {
    attempts++
    const met = fault?.(user, contact)
    if (met === 'hang') {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      throw new TargetError('target-timeout', 'no answer', { scope: 'user', isTemporary: true })
    }
    if (met) throw met
  }
  const of = (user: User): Map<BareJid, Contact> => {
    const roster = rosters.get(user.jid) ?? new Map()
    rosters.set(user.jid, roster)
    return roster
  }
  return {
    rosters,
    writes,
    attempts: () => attempts,
    setFault(next: typeof fault): void {
      fault = next
    },
    target: (options: { removalTouchesContact?: boolean; checks?: boolean } = {}): Target => ({
      kind: 'roster',
      removalTouchesContact: options.removalTouchesContact ?? false,
      ...(options.checks !== false && { check: (signal: AbortSignal) => meet(undefined, signal) }),
      async get(user, signal) {
        await meet(user, signal)
        return new Map(of(user))
      },
      async put(user, item, signal) {
        await meet(user, signal, item.jid)
        writes.push(`${user.username} put ${item.jid}`)
        of(user).set(item.jid, item)
      },
      async remove(user, jid, signal) {
        await meet(user, signal, jid)
        writes.push(`${user.username} remove ${jid}`)
        of(user).delete(jid)
      },
      close: async () => {},
    }),
  }
}
