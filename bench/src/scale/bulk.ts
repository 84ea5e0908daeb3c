import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { expectEqual } from '../expect-equal.ts'
import type { Progress } from '../progress.ts'
import { usernameAt } from '../rosters.ts'
import { json } from '../stack.ts'
import { type Deployment, startDeployment } from './deployment.ts'
import { firstUsers, type Summary } from './refresh.ts'

export interface BulkPlan {
  /** In one refresh. */
  readonly users: number
  /** Refreshes of one user that are measured with nothing else going on. */
  readonly alone: number
}

export interface BulkResult {
  readonly users: number
  readonly usersPerSecond: number
  /** The most that the api ever had resident. */
  readonly apiBytes: number
  /** Of refreshes of one user, one after the other, in ms. */
  readonly aloneMs: readonly number[]
  /** The same through the same api, from the first to the last moment of the large refresh. */
  readonly meanwhileMs: readonly number[]
}

/** Between two refreshes of one user. */
const PAUSE_MS = 10

/** One refresh of very many users, and meanwhile those of one user each, who is none of them. */
export async function measureBulk({ users, alone }: BulkPlan, progress: Progress): Promise<BulkResult> {
  const title = `a refresh of ${users.toLocaleString('en')} users`
  const deployment = await startDeployment({ apis: 1, workers: 1, shards: 1, concurrency: 100 })
  try {
    await deployment.control({ version: 0, delayMs: 0, etag: false })
    const single = singles(users, deployment)
    progress(`${title}, warming up`, 1, 1)
    for (let i = 0; i < alone; i++) await single()
    progress(`${title}, one user alone`, 1, 1)
    const aloneMs: number[] = []
    for (let i = 0; i < alone; i++) aloneMs.push(await single())

    progress(title, 1, 1)
    const body = JSON.stringify(firstUsers(users).map(usernameAt))
    const started = performance.now()
    let ms = 0
    const bulk = json<Summary>(`${deployment.urls[0]}/roster_admin/refresh`, { method: 'POST', body }).finally(() => {
      ms = performance.now() - started
    })
    const meanwhileMs: number[] = []
    while (ms === 0) meanwhileMs.push(await single())
    const { status, updated, changed, errors } = await bulk
    expectEqual(
      title,
      { status, updated, changed, errors },
      { status: 'ok', updated: users, changed: users, errors: 0 },
    )
    return {
      users,
      usersPerSecond: (users / ms) * 1000,
      apiBytes: mostResident(deployment.apiPids[0] ?? 0),
      aloneMs,
      meanwhileMs,
    }
  } finally {
    await deployment.stop()
  }
}

/** Refreshes of one user each, another one every time, whose roster changes; gives how long it took, in ms. */
function singles(from: number, deployment: Deployment): () => Promise<number> {
  let next = from
  return async () => {
    await pause(PAUSE_MS)
    const started = performance.now()
    const { status } = await json<Summary>(`${deployment.urls[0]}/roster_admin/refresh/${usernameAt(next++)}`)
    const ms = performance.now() - started
    expectEqual('A refresh of one user', { status }, { status: 'ok' })
    return ms
  }
}

const mostResident = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
