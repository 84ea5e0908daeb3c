import type { ReactNode } from 'react'
import styles from './facts.module.css'

interface Fact {
  readonly name: string
  readonly value: ReactNode
}

/** What there is to know about one thing: names and values; false ones are left out. */
export function Facts({ facts }: { readonly facts: readonly (Fact | false | undefined)[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(
        (fact) =>
          fact && (
            <div key={fact.name} className={styles.fact}>
              <dt>{fact.name}</dt>
              <dd>{fact.value}</dd>
            </div>
          ),
      )}
    </dl>
  )
}
