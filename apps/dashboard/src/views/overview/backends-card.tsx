import type { OpsBackend } from '@rollcall/roster'
import { Link } from '@tanstack/react-router'
import { formatMeasured } from '../../format/durations.ts'
import { formatCount, formatRate, formatShare } from '../../format/numbers.ts'
import { Card } from '../../ui/card.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Sentence } from '../../ui/sentence.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { backendWords } from './backend-words.ts'
import styles from './overview-view.module.css'
import { ERRORS_BAD } from './thresholds.ts'

export function BackendsCard({ backends }: { readonly backends: readonly OpsBackend[] }) {
  return (
    <Card title="Backends" note="the last minute; times of the last 5" isFlush>
      <ul className={styles.list}>
        {backends.map((backend) => (
          <Backend key={backend.domain} backend={backend} />
        ))}
      </ul>
    </Card>
  )
}

interface BackendProps {
  readonly backend: OpsBackend
}

function Backend({ backend }: BackendProps) {
  const { domain, state, since } = backend
  const { word, tone, more } = backendWords(backend)
  return (
    <li>
      <div className={styles.line}>
        <Link to="/failures" search={{ domain }} className={styles.name}>
          {domain}
        </Link>
        <span className={styles.badge}>
          <StatusBadge tone={tone}>{word}</StatusBadge>
        </span>
      </div>
      {state !== 'idle' && <BackendNumbers backend={backend} />}
      {(more !== undefined || since !== undefined) && (
        <p className={styles.reason}>
          {since !== undefined && (
            <>
              Since <RelativeTime at={since} />
              {more && (state === 'ok' ? '; ' : ': ')}
            </>
          )}
          {more && <Sentence text={more} />}
        </p>
      )}
    </li>
  )
}

function BackendNumbers({ backend: { lately, fetchesPerSecond, errorShare = 0, latency } }: BackendProps) {
  if (fetchesPerSecond === undefined || latency === undefined)
    return (
      <div className={styles.numbers}>
        {lately && (
          <span>
            <strong>{formatCount(lately.failed)}</strong> of the last <strong>{formatCount(lately.all)}</strong> fetches
            failed
          </span>
        )}
        <span>What it does in a minute is not counted: that is kept of the first domains of the configuration.</span>
      </div>
    )
  return (
    <div className={`${styles.numbers} ${styles.aligned}`}>
      <span>
        <strong>{formatRate(fetchesPerSecond)}</strong> fetches
      </span>
      <span>
        <strong className={errorShare >= ERRORS_BAD ? styles.many : undefined}>
          {fetchesPerSecond > 0 ? formatShare(errorShare) : '–'}
        </strong>{' '}
        errors
      </span>
      <span>
        p50 <strong>{formatMeasured(latency.p50Ms)}</strong>
      </span>
      <span>
        p95 <strong>{formatMeasured(latency.p95Ms)}</strong>
      </span>
      <span>
        p99 <strong>{formatMeasured(latency.p99Ms)}</strong>
      </span>
    </div>
  )
}
