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
 * Of what changes nothing (refusals, logins) an api writes down so many within an hour: whoever may only look could push
 * out what others did. The log of the api has them all.
 */
const MOST_IDLE_AN_HOUR = 500
const HOUR_MS = 3_600_000
const ENTRIES_PER_PAGE = 100
/** Of `what`: a filter may name much. */
const MAX_WHAT_LENGTH = 500

/** Every action of somebody, in a stream of Redis: its ids give the times, so that all apis write by one clock. */
export function auditLog(redis: RedisClient, log: Log, mostIdle = MOST_IDLE_AN_HOUR): AuditLog {
  let idle = 0
  let idleSince = Number.NEGATIVE_INFINITY

  function isTooMuch({ action, result }: AuditRecord): boolean {
    if (result !== 'refused' && action !== 'log-in') return false
    if (performance.now() - idleSince >= HOUR_MS) {
      idle = 0
      idleSince = performance.now()
    }
    return ++idle > mostIdle
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
