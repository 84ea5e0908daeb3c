import { setTimeout as pause } from 'node:timers/promises'
import { cpuOfProcess } from '../cpu.ts'
import type { Progress } from '../progress.ts'
import { type Deployment, type Layout, startDeployment } from './deployment.ts'

export interface DashboardsPlan {
  readonly layout: Layout
  /** Open at a time: none, one, many. */
  readonly open: readonly number[]
  readonly seconds: number
  readonly rounds: number
}

export interface DashboardsSample {
  /** CPU of the api, ms in a second. */
  readonly apiMs: number
  /** Of all processes, those of scripts too, in a second. */
  readonly redisCommands: number
  /** Told to one dashboard, in a second. */
  readonly bytes: number
}

export interface DashboardsResult {
  readonly open: number
  readonly samples: readonly DashboardsSample[]
}

/** An api looks on for five seconds after the last dashboard was closed. */
const SETTLED_MS = 6_000

/** What open dashboards cost one api and Redis while nothing happens. */
export async function measureDashboards(
  { layout, open, seconds, rounds }: DashboardsPlan,
  progress: Progress,
): Promise<DashboardsResult[]> {
  const results = open.map((count) => ({ open: count, samples: [] as DashboardsSample[] }))
  const deployment = await startDeployment(layout)
  try {
    for (let round = 0; round < rounds; round++)
      for (const { open: count, samples } of results) {
        progress(`${count} open dashboards`, round + 1, rounds)
        samples.push(await measureOpen(count, deployment, seconds))
      }
  } finally {
    await deployment.stop()
  }
  return results
}

async function measureOpen(
  count: number,
  { urls, apiPids, redis }: Deployment,
  seconds: number,
): Promise<DashboardsSample> {
  const closing = new AbortController()
  const dashboards = Array.from({ length: count }, () => openDashboard(urls[0] ?? '', closing.signal))
  try {
    await Promise.all(dashboards.map(({ opened }) => opened))
    await pause(SETTLED_MS)
    const costs = async () => ({
      apiMs: cpuOfProcess(apiPids[0] ?? 0) / 1_000,
      redisCommands: Number(/^total_commands_processed:(\d+)/m.exec(await redis.info('stats'))?.[1]),
      bytes: dashboards.reduce((sum, { bytes }) => sum + bytes(), 0) / Math.max(1, count),
    })
    const [before, startedAt] = [await costs(), performance.now()]
    await pause(seconds * 1_000)
    const [after, elapsed] = [await costs(), (performance.now() - startedAt) / 1_000]
    const perSecond = (cost: keyof typeof before): number => (after[cost] - before[cost]) / elapsed
    return { apiMs: perSecond('apiMs'), redisCommands: perSecond('redisCommands'), bytes: perSecond('bytes') }
  } finally {
    closing.abort()
  }
}

/** Listens to all that a tab of the dashboard is told. */
function openDashboard(api: string, closed: AbortSignal) {
  let bytes = 0
  const opened = fetch(`${api}/ops/api/live`, { signal: closed })
  const listen = async (): Promise<void> => {
    const { body } = await opened
    for await (const part of body ?? []) bytes += part.byteLength
  }
  listen().catch((error: unknown) => {
    if (!closed.aborted) throw error // who is not told any more costs nothing
  })
  return {
    opened: opened.then(({ ok, status }) => {
      if (!ok) throw new Error(`/ops/api/live answered ${status}`)
    }),
    bytes: () => bytes,
  }
}
