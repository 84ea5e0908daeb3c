import type { OpsBackend } from '@rollcall/roster'
import { formatCount, formatShare } from '../../format/numbers.ts'
import type { Tone } from '../../ui/status-badge.tsx'
import { ERRORS_BAD } from './thresholds.ts'

export interface BackendWords {
  readonly word: string
  readonly tone: Tone
  /** A sentence without its full stop: why, or what the numbers beside it are of. */
  readonly more?: string
}

const STATES: Record<Exclude<OpsBackend['state'], 'ok'>, BackendWords> = {
  failing: { word: 'Failing', tone: 'warn' },
  broken: { word: 'Broken, not asked', tone: 'bad' },
  held: { word: 'Empty rosters held', tone: 'warn' },
  paused: { word: 'Asked for a pause', tone: 'warn' },
  idle: { word: 'Not asked lately', tone: 'idle' },
}

/** How a backend does: by its last fetches, and when the last minute was another, that as well, so that no number contradicts the word. */
export function backendWords({ state, reason, since, lately, errorShare = 0 }: OpsBackend): BackendWords {
  if (state !== 'ok') return { ...STATES[state], ...(reason !== undefined && { more: reason }) }
  const hasFailed = errorShare >= ERRORS_BAD
  const before = `${formatShare(errorShare)} failed in the last minute`
  if (lately === undefined)
    return hasFailed
      ? { word: 'Not asked now', tone: 'idle', more: `Nothing was fetched in the last seconds; ${before}` }
      : { word: 'Answers', tone: 'good' }
  if (lately.failed >= lately.all * ERRORS_BAD)
    return {
      word: 'Fails in part',
      tone: 'warn',
      more: `${formatCount(lately.failed)} of the last ${formatCount(lately.all)} fetches failed`,
    }
  if (hasFailed) return { word: 'Answers again', tone: 'good', more: before }
  return { word: since === undefined ? 'Answers' : 'Answers again', tone: 'good' }
}
