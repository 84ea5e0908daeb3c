import { EventEmitter } from 'node:events'
import { type Cluster, Command, Redis } from 'ioredis'
import { type RedisOptions, retryDelay } from './redis-options.ts'

/** Who hears what is published. `ready`: subscribe (again); what was published before may not have been heard. */
export interface Subscriber {
  readonly status: string
  on(event: 'message', listener: (channel: string, text: string) => void): unknown
  on(event: 'ready', listener: () => void): unknown
  subscribe(...channels: string[]): Promise<unknown>
  disconnect(): void
}

/**
 * Sharded pub/sub (SSUBSCRIBE): a channel is heard at the master that serves its slot, and nowhere else. So there is a
 * connection to each master that serves some channel, and whenever one of them is made anew or a slot has moved, all is
 * subscribed again. ioredis' own group of subscribers neither says when it hears again, nor notices a silent connection.
 */
export function clusterSubscriber(
  cluster: Cluster,
  options: RedisOptions,
  tend: (connection: Redis) => void,
): Subscriber {
  const events = new EventEmitter()
  const connections = new Map<string, Redis>()
  let places = new Map<string, string>()

  const masterOf = (channel: string): string | undefined => cluster.slots[slotOf(channel)]?.[0]
  const mastersOf = (channels: Iterable<string>) =>
    new Map([...channels].flatMap((channel) => entry(channel, masterOf(channel))))

  function connectionTo(master: string): Redis {
    const known = connections.get(master)
    if (known) return known
    const at = master.lastIndexOf(':')
    const connection = new Redis({
      ...options,
      host: master.slice(0, at),
      port: Number(master.slice(at + 1)),
      retryStrategy: retryDelay,
      autoResubscribe: false, // the slot may be another master's by then
    })
    connections.set(master, connection)
    tend(connection)
    connection.on('error', () => {}) // the connection to the Cluster tells of its nodes
    connection.on('smessage', (channel: string, text: string) => events.emit('message', channel, text))
    connection.on('ready', () => events.emit('ready'))
    connection.on('moved', () => cluster.refreshSlotsCache())
    return connection
  }

  function leave(master: string): void {
    connections.get(master)?.disconnect()
    connections.delete(master)
  }

  const refreshed = (): void => {
    const now = mastersOf(places.keys())
    if ([...now].some(([channel, master]) => places.get(channel) !== master)) events.emit('ready')
  }
  const ready = () => events.emit('ready')
  cluster.on('refresh', refreshed)
  cluster.on('ready', ready)

  return {
    get status() {
      return cluster.status
    },
    on: (event: string, listener: (...args: never[]) => void) => events.on(event, listener as () => void),

    /** Done when all channels are heard whose masters can be reached now; of the others `ready` tells later. */
    async subscribe(...channels) {
      places = mastersOf(channels)
      const masters = new Set(places.values())
      for (const master of connections.keys()) if (!masters.has(master)) leave(master)
      const subscribing = [...places].flatMap(([channel, master]) => {
        const connection = connectionTo(master)
        return connection.status === 'ready' ? [connection.ssubscribe(channel)] : []
      })
      await Promise.allSettled(subscribing) // what fails has lost its connection, or its slot: both are told of
    },

    disconnect() {
      cluster.off('refresh', refreshed)
      cluster.off('ready', ready)
      for (const master of [...connections.keys()]) leave(master)
    },
  }
}

const slotOf = (channel: string): number => new Command('ssubscribe', [channel]).getSlot() ?? 0

const entry = (channel: string, master: string | undefined): [string, string][] =>
  master === undefined ? [] : [[channel, master]]
