import {
  type Log,
  liveProcesses,
  loadScripts,
  oneAtATime,
  type RedisClient,
  redisTrouble,
  targetLog,
} from '@rollcall/runtime'
import { isFor, keyOf, type Unit } from './units.ts'

/** Turns within the time of a lease. */
const TURNS = 3

/** A unit that this gateway serves. */
export interface Served {
  /** `isHeld`: the lease is still ours. */
  stop(isHeld: boolean): Promise<void>
}

export interface HoldOptions {
  readonly redis: RedisClient
  readonly gateway: string
  /** Those that there are now: nodes that are found by DNS come and go. */
  readonly units: () => Promise<readonly Unit[]>
  readonly leaseMs: number
  readonly serve: (unit: Unit, isHeld: () => boolean) => Served
  readonly log: Log
}

/**
 * Holds the leases of the units that are for this gateway: takes those that are free, keeps them, gives back what is for
 * another one. Time is measured here from before each request on, so that this gateway stops before the lease ends.
 */
export function holdUnits({ redis, gateway, units, leaseMs, serve, log }: HoldOptions) {
  const held = new Map<string, { readonly unit: Unit; until: number; readonly served: Served }>()
  const scripts = loadScripts(redis.isCluster)
  const logOf = (unit: Unit) => targetLog({ redis, target: unit.config.name, shard: unit.shards[0], scripts })

  async function turn(): Promise<void> {
    await seeToLeases().catch(report)
    const lost = [...held.values()].filter(({ until }) => until <= performance.now())
    await Promise.all(lost.map(({ unit }) => leave(unit, false)))
  }

  async function seeToLeases(): Promise<void> {
    const living = await livingGateways()
    const wanted = (await units()).filter((unit) => isFor(gateway, unit, living))
    const keys = new Set(wanted.map(keyOf))
    const unwanted = [...held.values()].filter(({ unit }) => !keys.has(keyOf(unit)))
    await Promise.all([
      ...wanted.map((unit) => hold(unit).catch(report)),
      ...unwanted.map(({ unit, until }) => leave(unit, until > performance.now())),
    ])
  }

  async function livingGateways(): Promise<string[]> {
    const others = (await liveProcesses(redis)).filter(({ role, id }) => role === 'gateway' && id !== gateway)
    return [gateway, ...others.map(({ id }) => id)]
  }

  async function hold(unit: Unit): Promise<void> {
    const until = performance.now() + leaseMs
    const isOurs = await logOf(unit).hold(gateway, leaseMs)
    const holds = held.get(keyOf(unit))
    // What was begun while nobody held the lease was given up: it is begun anew.
    if (holds && (!isOurs || holds.until <= performance.now())) await leave(unit, false)
    else if (holds) holds.until = until
    else if (isOurs) take(unit, until)
  }

  function take(unit: Unit, until: number): void {
    const isHeld = (): boolean => (held.get(keyOf(unit))?.until ?? until) > performance.now()
    held.set(keyOf(unit), { unit, until, served: serve(unit, isHeld) })
    log.info({ target: unit.config.name, shards: unit.shards }, 'This gateway serves a target')
  }

  async function leave(unit: Unit, isHeld: boolean): Promise<void> {
    const holds = held.get(keyOf(unit))
    if (!holds) return
    await holds.served.stop(isHeld)
    held.delete(keyOf(unit))
    if (isHeld) await logOf(unit).giveBack(gateway).catch(report)
    log.info({ target: unit.config.name, shards: unit.shards }, 'This gateway serves a target no longer')
  }

  const report = (error: unknown): undefined =>
    void log.warn({ reason: redisTrouble(error) }, 'The leases of the targets could not be seen to; it is tried again')

  let turning = turn()
  const stopTurns = oneAtATime(leaseMs / TURNS, () => {
    turning = turning.then(turn)
    return turning
  })

  return {
    /** Gives everything back. */
    async stop(): Promise<void> {
      stopTurns()
      await turning
      await Promise.all([...held.values()].map(({ unit, until }) => leave(unit, until > performance.now())))
    },
  }
}
