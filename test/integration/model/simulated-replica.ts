import { EventEmitter } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import type { BareJid, Domain } from '@rollcall/roster'
import { createLog, PRIORITY, type Priority, type RosterStore } from '@rollcall/runtime'
import type { Redis } from 'ioredis'
import type { RefreshHeader } from '../../../apps/api/src/refresh-records.ts'
import { type RefreshDeps, takeIn } from '../../../apps/api/src/refresh-users.ts'
import { type Settlements, settlements } from '../../../apps/api/src/settlements.ts'
import { type Tally, tally } from '../../../apps/api/src/tally.ts'
import type { SimulatedQueue } from './simulated-queue.ts'
import { type Standstill, standstill } from './standstill.ts'
import type { RealRequest, Truth } from './truth.ts'

export interface ReplicaDeps {
  readonly name: string
  readonly store: RosterStore
  readonly queue: SimulatedQueue
  readonly truth: Truth
}

/** An api call: the api's own code, stopped before each call that others could see. */
export interface ApiCall extends Pick<Standstill, 'at' | 'step' | 'stepWithoutAnswer'> {
  readonly request: RealRequest
  readonly tally: Tally
  /** The call fails as it does when Redis is away. */
  loseEnqueue(): Promise<void>
  crash(): void
}

export type SimulatedReplica = ReturnType<typeof simulatedReplica>

const log = createLog({ level: 'silent', name: 'model' })

/** One api: its own accounts of who waits for whom; what it hears, and when it looks, is for the scheduler to say. */
export function simulatedReplica({ name, store, queue, truth }: ReplicaDeps) {
  const subscriber = Object.assign(new EventEmitter(), { status: 'wait', subscribe: async () => {} })
  let held: { readonly goOn: () => void } | null = null
  let found = () => {}
  const accounts: Settlements = settlements({
    subscriber: subscriber as unknown as Redis,
    // A look stands still between what it finds and what is made of it.
    store: {
      states: async (shard, users) => {
        const states = await store.states(shard, users)
        await new Promise<void>((goOn) => {
          held = { goOn }
          found()
        })
        return states
      },
    },
    shards: 1,
    replica: name,
    recheckIntervalMs: 1_000_000_000,
    log,
  })
  const inbox: string[] = []

  async function ask(users: readonly BareJid[], label: string): Promise<ApiCall> {
    const request: RealRequest = {
      name: label,
      users,
      replica: name,
      accepted: null,
      generations: new Map(),
      versions: new Map(),
      serials: new Map(),
      told: new Map(),
      stateSaid: new Map(),
      crashed: false,
    }
    truth.requests.push(request)
    const { at, pass, start, step, stepWithoutAnswer } = standstill()
    let enqueueFails = false
    const hearing: Settlements = {
      ...accounts,
      watch: (jid, settle) =>
        accounts.watch(jid, (settlement) => {
          truth.told(request, jid, settlement)
          settle(settlement)
        }),
    }
    const counts = await tally(users, hearing, (jid) => jid)

    const deps = {
      store: {
        request: async (shard: number, jids: readonly BareJid[], replica: string) => {
          const requested = await pass('request', async () => {
            const answer = await store.request(shard, jids, replica)
            request.accepted = { at: truth.now(), losses: truth.losses(), epoch: answer.epoch }
            request.stateSaid.clear()
            jids.forEach((jid, i) => {
              request.generations.set(jid, answer.at(i).generation)
              request.versions.set(jid, answer.at(i).version)
              request.serials.set(jid, truth.of(jid).serial)
            })
            truth.explain(`: generations ${[...request.generations.values()].join(', ')}`)
            return answer
          })
          // A settled message may overtake the answer.
          await pass('answer of request', async () => {})
          return requested
        },
      },
      queue: {
        enqueue: (jids: readonly BareJid[]) =>
          pass('enqueue', async () => {
            if (enqueueFails) throw new EnqueueLostError()
            for (const jid of jids) queue.enqueue(jid)
          }),
      },
      intake: (_priority: Priority, ask: () => Promise<void>) => ask(),
      records: { requested: async () => {}, takenIn: async () => {}, abandon: () => {} },
      replica: name,
    } as unknown as RefreshDeps

    const header: RefreshHeader = {
      id: label,
      caller: 'model',
      domain: 'example.org' as Domain,
      acceptedAt: '',
      total: users.length,
      unusable: { count: 0, failures: [] },
      chunks: 1,
    }
    await start(() =>
      takeIn(header, [{ shard: 0, users: [...users] }], PRIORITY.small, counts, deps).catch((error: unknown) => {
        if (!(error instanceof EnqueueLostError)) throw error
      }),
    )
    return {
      request,
      tally: counts,
      at,
      step,
      stepWithoutAnswer,
      async loseEnqueue() {
        enqueueFails = true
        await step()
      },
      crash() {
        request.crashed = true
        counts.stop()
      },
    }
  }

  return {
    name,
    /** Messages published to it that it has not heard yet. */
    inbox,
    ask,
    deliver(): void {
      const message = inbox.shift()
      if (message !== undefined) subscriber.emit('message', '', message)
    },
    waits: () => accounts.size() > 0,
    looking: () => held !== null,
    /** Begins a look at all users it waits for, or makes something of what the look found. */
    async look(): Promise<void> {
      if (held) {
        held.goOn()
        held = null
        return turn()
      }
      await new Promise<void>((resolve) => {
        found = resolve
        subscriber.emit('ready')
      })
    },
    close: (): void => accounts.close(),
  }
}

class EnqueueLostError extends Error {}
