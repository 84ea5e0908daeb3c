import { memo } from 'react'
import styles from './sparkline.module.css'
import { sparklinePath } from './sparkline-path.ts'

/** Drawn in so many units, and stretched to where it stands. */
const WIDTH = 100
const HEIGHT = 24

/** How a number has come to be what it is: a line without axes, beside the number, which is what is read aloud. */
export const Sparkline = memo(function Sparkline({ values }: { readonly values: readonly (number | null)[] }) {
  return (
    <svg className={styles.sparkline} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={sparklinePath(values, WIDTH, HEIGHT)} />
    </svg>
  )
})
