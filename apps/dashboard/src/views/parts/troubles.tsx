import type { OpsPlace, OpsTrouble } from '@rollcall/roster'
import { Link } from '@tanstack/react-router'
import { Icon } from '../../ui/icon.tsx'
import { Sentence } from '../../ui/sentence.tsx'
import styles from './troubles.module.css'

interface TroublesProps {
  readonly troubles: readonly OpsTrouble[]
  /** Somebody goes to where a sentence leads. */
  readonly onLeave?: () => void
}

/** What does not work, in sentences, each with a link to where one acts. */
export const Troubles = ({ troubles, onLeave }: TroublesProps) => (
  <ul className={styles.troubles}>
    {troubles.map(({ text, place }) => (
      <li key={text}>
        <Sentence text={text} />{' '}
        {place && (
          <span className={styles.place}>
            <Icon name="right" />
            <Link {...linkTo(place)} onClick={onLeave}>
              {NAMES[place.view]}
            </Link>
          </span>
        )}
      </li>
    ))}
  </ul>
)

const NAMES: Record<OpsPlace['view'], string> = { processes: 'Processes', failures: 'Failures', queues: 'Queues' }

function linkTo(place: OpsPlace) {
  switch (place.view) {
    case 'processes':
      return { to: '/processes', search: { role: place.role } } as const
    case 'failures':
      return { to: '/failures', search: place.domain === undefined ? {} : { domain: place.domain } } as const
    case 'queues':
      return { to: '/queues' } as const
  }
}
