import { Link, type LinkProps } from '@tanstack/react-router'
import styles from './segments.module.css'

interface Segment {
  readonly label: string
  readonly isChosen: boolean
  readonly link: LinkProps
}

/** A choice of a few that changes what the view shows; each is an address. */
export function Segments({ label, segments }: { readonly label: string; readonly segments: readonly Segment[] }) {
  return (
    <nav aria-label={label} className={styles.segments}>
      {segments.map(({ label, isChosen, link }) => (
        <Link
          key={label}
          {...link}
          replace
          resetScroll={false}
          className={styles.segment}
          activeOptions={{ exact: true }}
          aria-current={isChosen ? 'true' : undefined}
          data-chosen={isChosen || undefined}
        >
          {label}
        </Link>
      ))}
    </nav>
  )
}
