import type { OpsSnapshot } from '@rollcall/roster'
import { HEALTH } from '../../shell/health.ts'
import { Note } from '../../ui/note.tsx'
import styles from './health-words.module.css'

/** How Rollcall is, in sentences. */
export function HealthWords({ health: { status, reasons } }: { readonly health: OpsSnapshot['health'] }) {
  const { sentence, tone } = HEALTH[status]
  return (
    <Note tone={tone}>
      <strong>{sentence}</strong>
      {reasons.length > 0 && (
        <ul className={styles.reasons}>
          {reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
    </Note>
  )
}
