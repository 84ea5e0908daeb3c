import type { OpsAudit, OpsAuditEntry } from '@rollcall/roster'
import { AUDIT_KEY, type Log, type RedisClient } from '@rollcall/runtime'
import { insistOnAll, OpsError, type OpsRoute } from './route.ts'

export type AuditResult = OpsAuditEntry['result']

export type AuditRecord = Omit<OpsAuditEntry, 'id' | 'at'>

export interface AuditLog {
  /** Writes down what somebody did or was refused. Never throws: what has been done is done, whether or not this can be kept. */
  record(entry: AuditRecord): Promise<void>
  /** The newest first; `before` is the id of an entry. */
  read(before?: string): Promise<OpsAudit>
}

/** Entries that are kept, about. */
const AUDIT_MAXLEN = 10_000
/**
 * Of what changes nothing an api writes down so many within an hour: whoever may only look, or nobody knows, could push out
 * what others did. The log of the api has them all.
 */
const MOST_AN_HOUR = { refused: 100, session: 100, nobody: 20 }
type Idle = keyof typeof MOST_AN_HOUR
/** `who` of what was refused to somebody who is not known. */
export const NOBODY = 'nobody'
const HOUR_MS = 3_600_000
const ENTRIES_PER_PAGE = 100
/** Of `what`: a filter may name much. */
const MAX_WHAT_LENGTH = 500

/** Every action of somebody, in a stream of Redis: its ids give the times, so that all apis write by one clock. */
export function auditLog(redis: RedisClient, log: Log, most: Readonly<Record<Idle, number>> = MOST_AN_HOUR): AuditLog {
  let written = { refused: 0, session: 0, nobody: 0 }
  let since = Number.NEGATIVE_INFINITY

  function isTooMuch(entry: AuditRecord): boolean {
    const idle = idleOf(entry)
    if (idle === null) return false
    if (performance.now() - since >= HOUR_MS) {
      written = { refused: 0, session: 0, nobody: 0 }
      since = performance.now()
    }
    return ++written[idle] > most[idle]
  }

  return {
    async record(entry) {
      const { who, action, what, count, result } = entry
      const fields = {
        who,
        action,
        what: what.slice(0, MAX_WHAT_LENGTH),
        ...(count !== undefined && { count }),
        result,
      }
      log.info({ audit: fields }, 'Action')
      if (isTooMuch(entry)) return
      try {
        await redis.xadd(AUDIT_KEY, 'MAXLEN', '~', AUDIT_MAXLEN, '*', ...Object.entries(fields).flat())
      } catch (error) {
        log.error({ err: error, audit: fields }, 'An action could not be written into the audit log')
      }
    },
    async read(before) {
      const end = before === undefined ? '+' : `(${before}`
      const found = await redis.xrevrange(AUDIT_KEY, end, '-', 'COUNT', ENTRIES_PER_PAGE)
      const entries = found.map(([id, fields]) => entryOf(id, fields))
      return { entries, next: entries.length === ENTRIES_PER_PAGE ? (entries.at(-1)?.id ?? null) : null }
    },
  }
}

const OF_SESSIONS: ReadonlySet<string> = new Set(['log-in', 'log-out'])

/** Null: something was done. */
function idleOf({ who, action, result }: AuditRecord): Idle | null {
  if (who === NOBODY) return 'nobody'
  if (OF_SESSIONS.has(action)) return 'session'
  return result === 'refused' ? 'refused' : null
}

function entryOf(id: string, fields: readonly string[]): OpsAuditEntry {
  const by = new Map(Array.from({ length: fields.length / 2 }, (_, i) => [fields[2 * i], fields[2 * i + 1]]))
  const count = by.get('count')
  return {
    id,
    at: new Date(Number.parseInt(id, 10)).toISOString(),
    who: by.get('who') ?? '',
    action: by.get('action') ?? '',
    what: by.get('what') ?? '',
    ...(count !== undefined && { count: Number(count) }),
    result: by.get('result') as AuditResult,
  }
}

const STREAM_ID = /^\d{1,15}-\d{1,15}$/

export function auditRoutes({ audit }: { readonly audit: AuditLog }): OpsRoute[] {
  return [
    {
      method: 'get',
      path: '/audit',
      right: 'view',
      scope: 'everywhere',
      async handle({ operator, query: { before } }) {
        insistOnAll(operator, 'view')
        if (before !== undefined && !STREAM_ID.test(before))
          throw new OpsError(400, '"before" is not the id of an entry: give "next" of the page before')
        return audit.read(before)
      },
    },
  ]
}
