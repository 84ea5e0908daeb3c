import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { findRedisServer, freePort, type RedisServer, startChild } from '../../tools/src/index.ts'
import { ownRedis, temporaryDirectory } from './processes.ts'

const MASTER_NAME = 'rollcall'
const SENTINELS = 3
const REPLICAS = 2
/** A master that is silent so long is taken for dead. */
const DOWN_MS = 1_000

export interface Guarded {
  /** The settings by which Rollcall finds the master. */
  readonly env: { readonly REDIS_SENTINELS: string; readonly REDIS_SENTINEL_NAME: string }
  /** Of all servers, the master of the beginning first. */
  readonly servers: readonly RedisServer[]
  /** A connection to the master of now, wherever it is. */
  readonly redis: Redis
  /** The server that is the master now, by what the Sentinels say. */
  master(): Promise<RedisServer>
  /** Tells a Sentinel to make a replica the master. */
  failOver(): Promise<void>
}

/** One master, two replicas and three Sentinels, which all end with the test. */
export async function redisWithSentinels(): Promise<Guarded> {
  const args = ['--repl-diskless-sync-delay', '0']
  const master = await ownRedis({ args })
  const replicas = await Promise.all(
    Array.from({ length: REPLICAS }, () => ownRedis({ args: [...args, '--replicaof', `127.0.0.1 ${master.port}`] })),
  )
  const servers = [master, ...replicas]
  await untilInSync(master)
  const plans: SentinelPlan[] = []
  for (let i = 0; i < SENTINELS; i++) plans.push({ port: await freePort(), id: String(i + 1).repeat(40) })
  await Promise.all(plans.map((plan) => startSentinel(plan, plans, servers)))
  const addresses = plans.map(({ port }) => ({ host: '127.0.0.1', port }))
  const redis = new Redis({
    sentinels: addresses,
    name: MASTER_NAME,
    sentinelRetryStrategy: () => 50,
    retryStrategy: () => 50,
  })
  redis.on('error', () => {})
  const sentinel = new Redis(addresses[0]?.port ?? 0)
  onTestFinished(() => {
    redis.disconnect()
    sentinel.disconnect()
  })
  return {
    env: {
      REDIS_SENTINELS: addresses.map(({ host, port }) => `${host}:${port}`).join(','),
      REDIS_SENTINEL_NAME: MASTER_NAME,
    },
    servers,
    redis,
    async master() {
      const [, port] = (await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER_NAME)) as [string, string]
      const found = servers.find((server) => server.port === Number(port))
      if (!found) throw new Error(`No server on port ${port}`)
      return found
    },
    async failOver() {
      // Refused (NOGOODSLAVE) until it has heard of a replica.
      await until(() =>
        sentinel.call('SENTINEL', 'FAILOVER', MASTER_NAME).then(
          () => true,
          () => false,
        ),
      )
    },
  }
}

interface SentinelPlan {
  readonly port: number
  /** 40 hexadecimal digits. */
  readonly id: string
}

/** Sentinels that know of each other and of the replicas from the start: to find them takes seconds. */
async function startSentinel(
  own: SentinelPlan,
  all: readonly SentinelPlan[],
  servers: readonly RedisServer[],
): Promise<void> {
  const program = await findRedisServer()
  const directory = await temporaryDirectory()
  const file = join(directory, 'sentinel.conf') // it writes down there what it learns
  const [master, ...replicas] = servers.map(({ port }) => port)
  const lines = [
    `port ${own.port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    `sentinel myid ${own.id}`,
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${master} 2`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${DOWN_MS}`,
    `sentinel failover-timeout ${MASTER_NAME} 4000`,
    ...replicas.map((port) => `sentinel known-replica ${MASTER_NAME} 127.0.0.1 ${port}`),
    ...all
      .filter(({ id }) => id !== own.id)
      .map(({ port, id }) => `sentinel known-sentinel ${MASTER_NAME} 127.0.0.1 ${port} ${id}`),
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  const child = await startChild({
    name: `Sentinel on port ${own.port}`,
    command: program.command,
    args: [file, '--sentinel'],
    env: program.env,
  })
  onTestFinished(async () => void (await child.stop()))
  await child.waitForLine(/\+monitor master/)
}

async function untilInSync(master: RedisServer): Promise<void> {
  const redis = new Redis(master.url)
  await until(async () => (await redis.info('replication')).match(/state=online/g)?.length === REPLICAS)
  redis.disconnect()
}

const UNTIL_MS = 60_000
const POLL_MS = 50

export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + UNTIL_MS
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`Not so within ${UNTIL_MS} ms: ${isSo}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
