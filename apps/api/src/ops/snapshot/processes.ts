import type { OpsProcess, OpsTrouble } from '@rollcall/roster'
import { type HeardProcess, isAlive, shardList } from '@rollcall/runtime'
import type { Steady } from './steady.ts'

const MiB = 1024 * 1024

/**
 * The processes as they last said of themselves, those that want looking at first. A Redis that takes no writes takes no
 * heartbeats: that nothing was heard says nothing then.
 */
export function opsProcesses(heard: readonly HeardProcess[], steady: Steady, takesHeartbeats = true): OpsProcess[] {
  return heard.map((one) => opsProcess(one, steady, takesHeartbeats)).toSorted(byUrgency)
}

function opsProcess(heard: HeardProcess, steady: Steady, takesHeartbeats: boolean): OpsProcess {
  const { id, role, host, pid, version, startedAt, silentMs, stuck = [], serves, load } = heard
  const state = isAlive(heard) ? (stuck.length > 0 ? 'stuck' : 'alive') : 'silent'
  return {
    id,
    role,
    host,
    pid,
    version,
    startedAt,
    seenAt: new Date(Date.now() - silentMs).toISOString(),
    state,
    reasons:
      state === 'silent'
        ? [
            takesHeartbeats
              ? 'It has died, or cannot reach Redis'
              : 'Whether it lives is not known: Redis takes no heartbeats',
          ]
        : stuck.length > 0
          ? [`It takes no jobs of shard ${shardList(stuck)}, although they wait`]
          : [],
    ...(load &&
      state !== 'silent' && {
        cpu: steady(`${id} cpu`, load.cpu, 0.2, 0.03),
        rssBytes: steady(`${id} rss`, load.rssBytes, 0.05, 8 * MiB),
        perSecond: steady(`${id} rate`, load.perSecond, 0.1, 0),
        inHand: load.inHand,
      }),
    ...(serves && { serves }),
  }
}

/** Sentences on processes that have gone without saying so, but for as many as have come on their host in their place. */
export function silentProcesses(heard: readonly HeardProcess[]): OpsTrouble[] {
  const left = heard.filter(isAlive)
  return heard
    .filter((one) => !isAlive(one))
    .toSorted((a, b) => b.silentMs - a.silentMs)
    .filter((one) => {
      const at = left.findIndex((other) => hasComeFor(other, one))
      if (at >= 0) left.splice(at, 1)
      return at < 0
    })
    .map((one) => ({ text: silenceOf(one), place: { view: 'processes', role: one.role } }))
}

/** It began when nothing was heard of that one any more, which did not run then. No clocks of hosts are compared. */
const hasComeFor = (
  { role, host, upMs = Number.POSITIVE_INFINITY, silentMs, beside = [] }: HeardProcess,
  gone: HeardProcess,
) => role === gone.role && host === gone.host && upMs + silentMs < gone.silentMs && !beside.includes(gone.id)

const silenceOf = ({ id, pid, host, silentMs }: HeardProcess): string =>
  `${id} (pid ${pid} on ${host}) was last heard of ${ago(silentMs)} ago: it has died, or cannot reach Redis`

/** In steps: what is said of one who is gone need not change each second. */
const ago = (ms: number): string =>
  ms < 60_000 ? `${Math.max(5, Math.floor(ms / 5_000) * 5)} s` : `${Math.floor(ms / 60_000)} min`

const URGENCY = { stuck: 0, silent: 1, alive: 2 } as const

const byUrgency = (a: OpsProcess, b: OpsProcess): number =>
  URGENCY[a.state] - URGENCY[b.state] || a.role.localeCompare(b.role) || a.id.localeCompare(b.id)
