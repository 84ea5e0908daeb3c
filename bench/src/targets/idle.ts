import { setTimeout as pause } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { cpuOfProcess, cpuOfRedis } from '../cpu.ts'
import { launch } from '../launch.ts'
import type { Progress } from '../progress.ts'
import { usernameAt } from '../rosters.ts'
import { type Deployment, startDeployment } from './deployment.ts'
import type { IdlePlan } from './plan.ts'

export interface IdleResult {
  readonly shards: number
  readonly targets: number
  /** CPU, ms in a second. */
  readonly gatewayMs: number
  readonly redisMs: number
  /** Those of scripts too. */
  readonly commandsPerSecond: number
}

/** Who have changed before nothing happens any more: some in every shard. */
const USERS = 200
/** Until what has just been done is over. */
const SETTLED_MS = 3_000

/** What a gateway costs while nothing happens. */
export async function measureIdle({ shards, targets, seconds }: IdlePlan, progress: Progress): Promise<IdleResult[]> {
  const results: IdleResult[] = []
  for (const count of shards) {
    progress(`a gateway at rest, ${targets} targets, ${count} shards`, 1, 1)
    results.push(await measureOne(count, targets, seconds))
  }
  return results
}

async function measureOne(shards: number, targets: number, seconds: number): Promise<IdleResult> {
  const deployed = await launch((launcher) =>
    startDeployment((backendUrl) => webhooks(targets, `${backendUrl}/contacts/nobody`), shards, launcher),
  )
  try {
    await deployed.notify(Array.from({ length: USERS }, (_, i) => usernameAt(i)))
    await deployed.until(
      (all) =>
        all.length === targets * shards && all.every(({ waiting, state }) => waiting === 0 && state === 'following'),
    )
    await deployed.stopAllButGateway()
    await pause(SETTLED_MS)
    const [before, started] = [await costs(deployed), performance.now()]
    await pause(seconds * 1_000)
    const [after, elapsed] = [await costs(deployed), performance.now() - started]
    const perSecond = (cost: keyof typeof before): number => ((after[cost] - before[cost]) / elapsed) * 1_000
    return {
      shards,
      targets,
      gatewayMs: perSecond('gateway') / 1_000,
      redisMs: perSecond('redis') / 1_000,
      commandsPerSecond: perSecond('commands'),
    }
  } finally {
    await deployed.stop()
  }
}

const costs = async ({ gatewayPid, redis }: Deployment) => ({
  gateway: cpuOfProcess(gatewayPid),
  redis: await cpuOfRedis(redis),
  commands: await commandsOf(redis),
})

const commandsOf = async (redis: Redis): Promise<number> =>
  Number(/^total_commands_processed:(\d+)/m.exec(await redis.info('stats'))?.[1])

const webhooks = (count: number, url: string): Record<string, object> => {
  const secret = `whsec_${Buffer.alloc(32).toString('base64')}`
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`hook${i + 1}`, { type: 'webhook', url, secret }]))
}
