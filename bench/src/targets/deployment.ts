import { setTimeout as pause } from 'node:timers/promises'
import { appArgs } from '@rollcall/tools'
import { Redis } from 'ioredis'
import { cpuOfProcess, cpuOfRedis } from '../cpu.ts'
import { expectEqual } from '../expect-equal.ts'
import { built, type Launcher, urlOfChild } from '../launch.ts'
import { DOMAIN } from '../rosters.ts'
import { json } from '../stack.ts'

/** CPU time since the start of each, in µs. */
export interface GatewayCpu {
  readonly gateway: number
  /** Api, worker. */
  readonly others: number
  readonly redis: number
}

export interface TargetProgress {
  /** Contacts written since the gateway serves it. */
  readonly writes: number
  /** Changes that have not arrived. */
  readonly waiting: number
  readonly state: string
}

export type Deployment = Awaited<ReturnType<typeof startDeployment>>

interface Summary {
  readonly status: string
  readonly updated: number
  readonly changed: number
  readonly errors: number
}

/** How often is asked how far a target has come. */
const LOOK_MS = 20
const ARRIVED_MS = 120_000

/** An api, a worker and a gateway with targets, with a Redis and a backend of their own. */
export async function startDeployment(
  targets: Readonly<Record<string, object>> | ((backendUrl: string) => Readonly<Record<string, object>>),
  shards: number,
  launcher: Launcher,
) {
  const server = await launcher.redis()
  const redis = new Redis(server.url)
  launcher.atEnd(async () => redis.disconnect())
  const backendUrl = await urlOfChild(await launcher.start('backend', [built('backend')]))
  const settings = {
    REDIS_URL: server.url,
    HTTP_ROSTER_URL: `${backendUrl}/contacts/%s`,
    XMPP_DOMAIN: DOMAIN,
    PORT: '0',
    GATEWAY_PORT: '0',
    SHARDS: String(shards),
    REFRESH_DEADLINE_MS: '300000',
    DRAIN_MS: '0',
    TARGETS: JSON.stringify(typeof targets === 'function' ? targets(backendUrl) : targets),
  }
  const api = await launcher.start('api', appArgs('api'), settings)
  const worker = await launcher.start('worker', appArgs('worker'), settings)
  const gateway = await launcher.start('gateway', appArgs('gateway'), settings)
  await worker.waitForLine(/Taking jobs/)
  const url = await urlOfChild(api)
  const gatewayUrl = await urlOfChild(gateway)
  const targetProgress = async (): Promise<readonly TargetProgress[]> =>
    (await json<{ targets: TargetProgress[] }>(`${gatewayUrl}/health/ready`)).targets

  return {
    redis,
    gatewayPid: gateway.pid,

    /** What the backend has from now on. */
    async give(rosters: Readonly<Record<string, object>>): Promise<void> {
      await json(`${backendUrl}/rosters`, { method: 'POST', body: JSON.stringify(rosters) })
    },

    /** One notice of users whose rosters are all others than before. */
    async notify(usernames: readonly string[]): Promise<void> {
      const body = JSON.stringify(usernames)
      const { updated, changed, errors } = await json<Summary>(`${url}/roster_admin/refresh`, { method: 'POST', body })
      const all = usernames.length
      expectEqual('The api', { updated, changed, errors }, { updated: all, changed: all, errors: 0 })
    },

    targetProgress,

    /** Until the targets of the gateway are as here wanted. */
    async until(arrived: (targets: readonly TargetProgress[]) => boolean): Promise<void> {
      const deadline = performance.now() + ARRIVED_MS
      for (;;) {
        const targets = await targetProgress()
        if (arrived(targets)) return
        if (performance.now() > deadline) throw new Error(`The targets stay at ${JSON.stringify(targets)}`)
        await pause(LOOK_MS)
      }
    },

    cpu: async (): Promise<GatewayCpu> => ({
      gateway: cpuOfProcess(gateway.pid),
      others: cpuOfProcess(api.pid) + cpuOfProcess(worker.pid),
      redis: await cpuOfRedis(redis),
    }),

    /** From now on nobody but the gateway asks Redis. */
    async stopAllButGateway(): Promise<void> {
      await Promise.all([api.stop(), worker.stop()])
    },
  }
}
