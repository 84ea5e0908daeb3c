import { setTimeout as pause } from 'node:timers/promises'
import type { Cpu } from './cpu.ts'
import { expectEqual } from './expect-equal.ts'
import { guestOf, usernameAt } from './rosters.ts'
import { type Design, json, type Stack } from './stack.ts'

export interface RefreshCase {
  readonly users: number
  /** Whose rosters the backend has in a newer version than the stored one. */
  readonly change: 'all' | 'none'
  /** The backend sends ETags, and 304 to whoever sends back the newest. */
  readonly etag: boolean
  readonly delayMs: number
}

/** One refresh of all users of a case. */
export interface RefreshSample {
  readonly seconds: number
  /** In all, until nothing is left to do. */
  readonly cpu: Cpu
}

interface Summary {
  readonly status: string
  readonly updated: number
  readonly errors: number
  readonly changed?: number
  readonly pending?: number
}

/** What is left to do after the answer (jobs to be ended, results to be written down) belongs to the refresh too. */
const AFTERWARDS_MS = 100

/** Refreshes once and checks that everything was done; `version` is the one that the backend has. */
export async function measureRefresh(
  design: Design,
  wanted: RefreshCase,
  version: number,
  stack: Stack,
): Promise<RefreshSample> {
  const { users, delayMs, etag } = wanted
  const body = JSON.stringify(Array.from({ length: users }, (_, i) => usernameAt(i)))
  await stack.control({ version, delayMs, etag })
  if (design.name === 'plain') await stack.plainRosters.flushdb()

  const before = await design.cpu()
  const started = performance.now()
  const summary = await json<Summary>(`${design.url}/roster_admin/refresh`, { method: 'POST', body })
  const seconds = (performance.now() - started) / 1000
  await pause(AFTERWARDS_MS)
  const after = await design.cpu()

  await check(design, summary, wanted, version, stack)
  return {
    seconds,
    cpu: {
      api: after.api - before.api,
      worker: after.worker - before.worker,
      redis: after.redis - before.redis,
    },
  }
}

async function check(
  design: Design,
  summary: Summary,
  { users, change, etag }: RefreshCase,
  version: number,
  stack: Stack,
): Promise<void> {
  const { status, updated, errors, changed, pending } = summary
  const { requests, notModified } = await stack.counts()
  const answer = { status, updated, errors, pending, requests }
  const expected = { status: 'ok', updated: users, errors: 0, pending: undefined, requests: users }
  const last = usernameAt(users - 1)
  if (design.name === 'rollcall') {
    const stored = await json<object>(`${design.url}/contacts/${last}`)
    expectEqual(
      'rollcall',
      { ...answer, changed, notModified, newest: guestOf(version) in stored },
      {
        ...expected,
        changed: change === 'all' ? users : 0,
        notModified: etag && change === 'none' ? users : 0,
        newest: true,
      },
    )
  } else {
    const roster = await stack.plainRosters.get(`roster:${last}`)
    expectEqual(
      'plain',
      { ...answer, stored: await stack.plainRosters.dbsize(), newest: roster?.includes(guestOf(version)) },
      { ...expected, stored: users, newest: true },
    )
  }
}
