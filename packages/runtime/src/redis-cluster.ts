import { Cluster, type ClusterOptions, type Redis } from 'ioredis'
import type { Address } from './config/index.ts'
import type { Log } from './log/index.ts'
import { retryDelay } from './redis-options.ts'
import { RedisUnavailableError } from './redis-trouble.ts'

export interface ClusterConnectionOptions {
  readonly nodes: readonly Address[]
  readonly role: 'request' | 'background'
  readonly redisOptions: NonNullable<ClusterOptions['redisOptions']>
  readonly name: string
  readonly log: Log
  /** What is done with each connection to a node when it is made. */
  readonly tend: (node: Redis) => void
}

/** How often the Cluster is asked who serves what: a shard that nobody asks for anything is found again by then. */
const SLOTS_REFRESH_MS = 2_000
const SLOTS_TIMEOUT_MS = 1_000
/** Pause before a command is sent again that a node could not take yet. */
const RETRY_MS = 100

const OPTIONS: Record<ClusterConnectionOptions['role'], ClusterOptions> = {
  // Whoever waits is told at once that a shard is away. While a slot moves a command is tried for up to a second.
  request: {
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: RETRY_MS,
    maxRedirections: 10,
  },
  // For as long as a fail-over takes; then the job is put back, which tries again.
  background: {
    retryDelayOnFailover: RETRY_MS,
    retryDelayOnClusterDown: RETRY_MS,
    retryDelayOnTryAgain: RETRY_MS,
    maxRedirections: 100,
  },
}

export function connectCluster({ nodes, role, redisOptions, name, log, tend }: ClusterConnectionOptions): Cluster {
  const { retryStrategy: _, enableOfflineQueue: __, ...ofNodes } = redisOptions as Record<string, unknown>
  const cluster = new Cluster(
    nodes.map(({ host, port }) => ({ host, port })),
    {
      ...OPTIONS[role],
      redisOptions: ofNodes,
      slotsRefreshInterval: SLOTS_REFRESH_MS,
      slotsRefreshTimeout: SLOTS_TIMEOUT_MS,
      clusterRetryStrategy: retryDelay,
      ...('tls' in ofNodes && { dnsLookup: keepName }),
    },
  )
  if (role === 'request') refuseWhileAway(cluster)
  // ioredis makes the connections to nodes in its own time, and tells of each before it is used.
  for (const node of cluster.nodes()) tend(node)
  cluster.on('+node', tend)
  reportState(cluster, name, log)
  return cluster
}

/**
 * A command fails at once while no node can be reached. `enableOfflineQueue: false` would do that too, but also fails
 * what is asked while the connection to a node, made at its first command, is not there yet.
 */
function refuseWhileAway(cluster: Cluster): void {
  const send = cluster.sendCommand.bind(cluster)
  cluster.sendCommand = (command, ...more) => {
    if (cluster.status === 'ready' || command.name === 'cluster') return send(command, ...more)
    command.reject(new RedisUnavailableError())
    return command.promise
  }
}

/** A certificate is made out to a name; an address that was looked up already would not match it. */
const keepName: NonNullable<ClusterOptions['dnsLookup']> = (name, done) => done(null, name)

/** One line when the Cluster or a node of it is lost, and one when it is back, however many attempts lie between. */
function reportState(cluster: Cluster, name: string, log: Log): void {
  const lost = new Set<string>()
  const report = (node: string | undefined, error: Error): void => {
    if (lost.has(node ?? '')) return
    lost.add(node ?? '')
    const line = { connection: name, ...(node !== undefined && { node }), err: error }
    if (node === undefined) log.warn(line, 'Redis is not reachable; trying again until it is')
    else log.warn(line, 'A node of the Redis Cluster is not reachable; its shards wait for it or for its replica')
  }
  cluster.on('error', (error: Error) => report(undefined, error))
  cluster.on('node error', (error: Error, node: string) => report(node, error))
  cluster.on('ready', () => {
    if (lost.delete('')) log.info({ connection: name }, 'Redis is back')
  })
  cluster.on('+node', (node: Redis) => {
    const { host, port } = node.options
    node.on('ready', () => {
      if (lost.delete(`${host}:${port}`)) log.info({ connection: name, node: `${host}:${port}` }, 'The node is back')
    })
  })
}
