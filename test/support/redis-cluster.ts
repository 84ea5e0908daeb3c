import { Cluster, Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { freePort, type RedisServer } from '../../tools/src/index.ts'
import { ownRedis } from './processes.ts'
import { until } from './redis-sentinel.ts'

const SLOTS = 16_384
const MASTERS = 3
/** A node that is silent so long is taken for dead. */
const NODE_TIMEOUT_MS = 1_000

export interface TestCluster {
  /** The settings by which Rollcall finds the Cluster. */
  readonly env: { readonly REDIS_CLUSTER: string }
  readonly servers: readonly RedisServer[]
  readonly redis: Cluster
  /** The server that is the master of a key now. */
  masterOf(key: string): Promise<RedisServer>
  /** Moves the slot of a key, and all that is in it, to another master, key by key, as redis-cli would. */
  moveSlot(key: string): Promise<void>
}

/** Three masters with a replica each, which end with the test. */
export async function redisCluster(options: { readonly args?: readonly string[] } = {}): Promise<TestCluster> {
  const servers = await Promise.all(Array.from({ length: MASTERS * 2 }, () => startNode(options.args)))
  const nodes = servers.map(({ url }) => new Redis(url))
  onTestFinished(() => {
    for (const node of nodes) node.disconnect()
  })
  for (const node of nodes) node.on('error', () => {})
  const masters = nodes.slice(0, MASTERS)
  await Promise.all([
    ...masters.map((node, i) => node.call('CLUSTER', 'ADDSLOTSRANGE', startOf(i), startOf(i + 1) - 1)),
    ...nodes.map((node, i) => node.cluster('SET-CONFIG-EPOCH', i + 1)),
  ])
  const [first] = servers
  for (const node of nodes.slice(1))
    await node.call('CLUSTER', 'MEET', '127.0.0.1', first?.port ?? 0, first?.busPort ?? 0)
  const ids = await Promise.all(nodes.map(async (node) => String(await node.cluster('MYID'))))
  await Promise.all(
    nodes.map((node) => until(async () => String(await node.cluster('NODES')).split('\n').length > nodes.length)),
  )
  await Promise.all(nodes.slice(MASTERS).map((node, i) => node.cluster('REPLICATE', ids[i] ?? '')))
  const isWhole = async (node: Redis) => {
    const slots = (await node.cluster('SLOTS')) as unknown[][]
    return slots.length === MASTERS && slots.every((range) => range.length === 4) // from, to, master, replica
  }
  await Promise.all(
    nodes.map((node) =>
      until(async () => /cluster_state:ok/.test(await node.cluster('INFO')) && (await isWhole(node))),
    ),
  )
  await Promise.all(
    nodes.slice(MASTERS).map((node) => until(async () => /master_link_status:up/.test(await node.info('replication')))),
  )
  const redis = new Cluster(
    servers.map(({ port }) => ({ host: '127.0.0.1', port })),
    { slotsRefreshInterval: 500 },
  )
  redis.on('error', () => {})
  onTestFinished(() => redis.disconnect())

  /** Where each range of slots is served now, by what some node says that lives. */
  const ranges = async (): Promise<readonly Range[]> => {
    const living = nodes.filter(({ status }) => status === 'ready')
    return (await Promise.any(living.map((node) => node.cluster('SLOTS')))) as unknown as Range[]
  }
  const indexOf = (port: number): number => servers.findIndex((server) => server.port === port)

  const masterOf = async (key: string): Promise<RedisServer> => {
    const slot = Number(await redis.cluster('KEYSLOT', key))
    const range = (await ranges()).find(([from, to]) => from <= slot && slot <= to)
    const server = servers[indexOf(range?.[2][1] ?? 0)]
    if (!server) throw new Error(`Nobody serves ${key}`)
    return server
  }

  return {
    env: { REDIS_CLUSTER: servers.map(({ port }) => `127.0.0.1:${port}`).join(',') },
    servers,
    redis,
    masterOf,
    async moveSlot(key) {
      const slot = Number(await redis.cluster('KEYSLOT', key))
      const masters = [...new Set((await ranges()).map(([, , [, port]]) => indexOf(port)))]
      const from = indexOf((await masterOf(key)).port)
      const to = masters.find((master) => master !== from) ?? -1
      const [source, target] = [nodes[from], nodes[to]]
      if (!source || !target) throw new Error('There is no other master')
      await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids[from] ?? '')
      await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', ids[to] ?? '')
      for (;;) {
        const keys = (await source.call('CLUSTER', 'GETKEYSINSLOT', slot, 20)) as string[]
        if (keys.length === 0) break
        await source.call('MIGRATE', '127.0.0.1', servers[to]?.port ?? 0, '', 0, 5_000, 'KEYS', ...keys)
      }
      for (const master of [target, source]) await master.call('CLUSTER', 'SETSLOT', slot, 'NODE', ids[to] ?? '')
    },
  }
}

type Range = readonly [from: number, to: number, master: readonly [host: string, port: number]]

const startOf = (master: number): number => Math.round((SLOTS * master) / MASTERS)

async function startNode(args: readonly string[] = []): Promise<RedisServer & { readonly busPort: number }> {
  const busPort = await freePort()
  const server = await ownRedis({
    appendOnly: false,
    args: [
      ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort)],
      ...['--cluster-node-timeout', String(NODE_TIMEOUT_MS), '--cluster-require-full-coverage', 'no'],
      ...['--repl-diskless-sync-delay', '0', '--cluster-replica-validity-factor', '0'],
      ...args,
    ],
  })
  return { ...server, busPort }
}
