import { Domain } from '@rollcall/roster'
import {
  bucketField,
  bucketOf,
  byDomain,
  connectRedis,
  createLog,
  HISTORY,
  historyKey,
  RESOLUTIONS,
  whenReady,
} from '@rollcall/runtime'

const MINUTES = 60
const READY_MS = 5_000
/** When chat.example.com had its bad time, in minutes ago. */
const TROUBLE = { from: 26, to: 15 }

/** Writes a made-up hour into the history, as the processes would have: a picture of charts needs more than a minute. */
export async function writePast(redisUrl: string): Promise<void> {
  const log = createLog({ name: 'screenshots', level: 'silent' })
  const place = { kind: 'one', url: redisUrl } as const
  const redis = connectRedis({ place, role: 'request', name: 'rollcall-screenshots', timeoutMs: READY_MS, log })
  try {
    await whenReady(redis, READY_MS)
    const { stepS, keptS } = RESOLUTIONS['1m']
    const now = Math.floor(Date.now() / 1000 / stepS)
    for (let ago = 1; ago < MINUTES; ago++) {
      for (const [domain, fields] of byDomain(Object.entries(minute(ago)))) {
        const key = historyKey('1m', now - ago, domain)
        await redis.hset(key, Object.fromEntries(fields))
        await redis.expire(key, keptS)
      }
    }
  } finally {
    redis.disconnect()
  }
}

/** What one minute has counted. The same at each run: pictures differ by what has been changed. */
function minute(ago: number): Record<string, number> {
  const isTrouble = ago <= TROUBLE.from && ago >= TROUBLE.to
  const wave = 1 + 0.25 * Math.sin(ago / 9) + 0.12 * Math.sin(ago * 1.7) + 0.08 * Math.sin(ago * 4.1)
  const users = Math.round(2_600 * wave)
  const failed = isTrouble ? Math.round(users * 0.09) : Math.round(6 + 4 * Math.sin(ago * 2.3))
  const changed = Math.round(users * (0.42 + 0.08 * Math.sin(ago / 5)))
  const slower = isTrouble ? 2.4 : 1
  return {
    [HISTORY.refreshes]: Math.round(190 * wave),
    [HISTORY.reads]: Math.round(5_200 * wave),
    [`${HISTORY.users}changed`]: changed,
    [`${HISTORY.users}unchanged`]: users - changed - failed,
    [`${HISTORY.users}backend-status`]: Math.round(failed * 0.7),
    [`${HISTORY.users}backend-timeout`]: Math.round(failed * 0.3),
    ...times(HISTORY.settle, users, 48 * slower),
    ...fetches('example.org', users * 0.7, 31),
    ...fetches('chat.example.com', users * 0.2, 58 * slower * slower),
    ...fetches('campus.example.edu', users * 0.1, 420),
    [HISTORY.openUsers]: Math.round((isTrouble ? 320 : 60) * wave),
    [HISTORY.oldestOpenMs]: Math.round((isTrouble ? 4_800 : 700) * wave),
    [HISTORY.redisMemoryBytes]: Math.round((12 + (MINUTES - ago) * 0.02) * 1024 * 1024),
    [`${HISTORY.lag}crm`]: Math.round(40 * wave),
    [`${HISTORY.lag}chat-push`]: Math.round(55 * wave * slower),
  }
}

function fetches(name: string, count: number, medianMs: number): Record<string, number> {
  const domain = Domain.parse(name)
  return {
    [HISTORY.answered(domain)]: Math.round(count),
    ...times(HISTORY.fetch(domain), count, medianMs),
  }
}

/** Of so many, spread as such times are: half of them around the median, a few far above. */
function times(field: string, count: number, medianMs: number): Record<string, number> {
  const spread = [
    [0.5, 0.2],
    [0.8, 0.3],
    [1.3, 0.3],
    [2.2, 0.15],
    [4, 0.04],
    [9, 0.01],
  ] as const
  const counts: Record<string, number> = {}
  for (const [factor, share] of spread) {
    const bucket = bucketField(field, bucketOf(medianMs * factor))
    counts[bucket] = (counts[bucket] ?? 0) + Math.round(count * share)
  }
  return counts
}
