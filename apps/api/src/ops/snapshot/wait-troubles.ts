import type { OpsQueue, OpsRedis, OpsTarget, OpsTrouble } from '@rollcall/roster'
import { shardList } from '@rollcall/runtime'

/** As in deploy/prometheus/rules.yml: a user waits for too long. */
export const LONG_WAIT_MS = 120_000
/** A limit that holds up nobody for so long is none to speak of. */
const LIMITED_WAIT_MS = 10_000
/** As in deploy/prometheus/rules.yml: a target is behind. */
export const LONG_LAG_MS = 60_000
/** As in deploy/prometheus/rules.yml: Redis is nearly full. */
export const MEMORY_TIGHT = 0.8
/** Small writes still go through, large ones do not any more: what a connection sends counts, too. */
const MEMORY_FULL = 0.97

/** Sentences on users who wait for long. */
export function waitTroubles(queues: readonly OpsQueue[], oldestOpenMs: number): OpsTrouble[] {
  const place = { view: 'queues' } as const
  const texts = limitedQueues(queues)
  if (oldestOpenMs >= LONG_WAIT_MS)
    texts.push(`Somebody has waited for over ${Math.floor(oldestOpenMs / 60_000)} min to be fetched`)
  return texts.map((text) => ({ text, place }))
}

/** One for each limit that is set, whatever the number of its shards. */
function limitedQueues(queues: readonly OpsQueue[]): string[] {
  const limited = queues.filter(
    ({ globalConcurrency, rateLimit, isPaused, oldestWaitMs }) =>
      !isPaused && (globalConcurrency !== null || rateLimit !== null) && oldestWaitMs >= LIMITED_WAIT_MS,
  )
  return [...new Set(limited.map(limitsInWords))].map((limits) => {
    const shards = limited.filter((queue) => limitsInWords(queue) === limits).map(({ shard }) => shard)
    const which = queues.length === 1 ? 'The queue' : `The queue of shards ${shardList(shards)}`
    return `${which} is limited by hand (${limits}): users wait for it`
  })
}

const limitsInWords = ({ globalConcurrency, rateLimit }: OpsQueue): string =>
  [
    globalConcurrency === null ? [] : [`${globalConcurrency} at a time`],
    rateLimit === null ? [] : [`${rateLimit.max} within ${rateLimit.durationMs / 1000} s`],
  ]
    .flat()
    .join(', ')

/** Sentences on targets that are told, and late; of those that take nothing it is told elsewhere. */
export function lagTroubles(targets: readonly OpsTarget[]): OpsTrouble[] {
  const late = targets.filter(({ state, lagMs }) => isTold(state) && lagMs > LONG_LAG_MS)
  return [...new Set(late.map(({ target }) => target))].map((name) => {
    const ofTarget = late.filter(({ target }) => target === name)
    const lagMs = Math.max(...ofTarget.map((one) => one.lagMs))
    const domain = ofTarget[0]?.domain
    return { text: `${name} is told of changes over ${Math.floor(lagMs / 60_000)} min late`, ...(domain && { domain }) }
  })
}

const isTold = (state: OpsTarget['state']): boolean => state === 'following' || state === 'reconciling'

/** A sentence on a Redis that will soon take no writes. */
export function memoryTrouble({ isReachable, kind, memoryShare = 0 }: OpsRedis): OpsTrouble[] {
  if (!isReachable || memoryShare < MEMORY_TIGHT) return []
  const which = kind === 'cluster' ? 'The fullest master of Redis' : 'Redis'
  const then = memoryShare < MEMORY_FULL ? 'full, it takes no refreshes' : 'it refuses refreshes, some or all'
  return [{ text: `${which} has filled ${Math.floor(memoryShare * 100)} % of its memory (maxmemory): ${then}` }]
}
