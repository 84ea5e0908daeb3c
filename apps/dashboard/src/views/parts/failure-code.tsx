import { meaningOf } from '../../format/failure-codes.ts'
import styles from './failure-code.module.css'

/** A code as it stands in logs and metrics, and what it means. */
export function FailureCodeText({ code }: { readonly code: string }) {
  const meaning = meaningOf(code)
  return (
    <span className={styles.code}>
      <code>{code}</code>
      {meaning && <span className={styles.meaning}>{meaning}</span>}
    </span>
  )
}
