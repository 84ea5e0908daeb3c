import { setTimeout as pause } from 'node:timers/promises'
import type { Cpu } from '../cpu.ts'
import { expectEqual } from '../expect-equal.ts'
import { guestOf, usernameAt } from '../rosters.ts'
import { json } from '../stack.ts'
import type { Deployment } from './deployment.ts'

export interface Summary {
  readonly status: string
  readonly updated: number
  readonly changed: number
  readonly errors: number
  readonly pending?: number
}

export interface Refreshes {
  /** Numbers of users, as `usernameAt` takes them. */
  readonly users: readonly number[]
  readonly usersPerRefresh: number
  /** What the backend has. */
  readonly version: number
  readonly delayMs: number
  /** How many of the stored rosters are then to be others than before. */
  readonly changed: number
}

export interface RefreshesSample {
  readonly usersPerSecond: number
  /** µs per user. */
  readonly cpu: Cpu
}

/** Refreshes of one measurement that run at a time, whatever the number of api replicas. */
const AT_A_TIME = 4
/** What is left to do after the answers belongs to the refreshes too. */
const AFTERWARDS_MS = 100

/** Sends the refreshes to the replicas in turn, and checks that all was done. */
export async function measureRefreshes(
  { users, usersPerRefresh, version, delayMs, changed }: Refreshes,
  deployment: Deployment,
): Promise<RefreshesSample> {
  const bodies = batchesOf(users, usersPerRefresh).map((batch) => JSON.stringify(batch.map(usernameAt)))
  await deployment.control({ version, delayMs, etag: false })
  const before = await deployment.cpu()
  const started = performance.now()
  const summaries: Summary[] = []
  const left = bodies.entries()
  const lane = async (): Promise<void> => {
    for (const [i, body] of left) {
      const url = deployment.urls[i % deployment.urls.length]
      summaries.push(await json<Summary>(`${url}/roster_admin/refresh`, { method: 'POST', body }))
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, lane))
  const seconds = (performance.now() - started) / 1000
  await pause(AFTERWARDS_MS)
  const after = await deployment.cpu()

  const sum = (count: (summary: Summary) => number): number => summaries.reduce((all, one) => all + count(one), 0)
  const { requests } = await deployment.counts()
  const last = await json<object>(`${deployment.urls[0]}/contacts/${usernameAt(users.at(-1) ?? 0)}`)
  expectEqual(
    'The deployment',
    {
      updated: sum(({ updated }) => updated),
      changed: sum((summary) => summary.changed),
      errors: sum(({ errors }) => errors),
      pending: sum(({ pending = 0 }) => pending),
      requests,
      newest: guestOf(version) in last,
    },
    { updated: users.length, changed, errors: 0, pending: 0, requests: users.length, newest: true },
  )
  return {
    usersPerSecond: users.length / seconds,
    cpu: {
      api: (after.api - before.api) / users.length,
      worker: (after.worker - before.worker) / users.length,
      redis: (after.redis - before.redis) / users.length,
    },
  }
}

export const firstUsers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

function batchesOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}
