import type { OpsProcess } from '@rollcall/roster'
import { Link } from '@tanstack/react-router'
import { Card } from '../../ui/card.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { headcount } from './judge.ts'
import styles from './overview-view.module.css'

const ROLES = [
  { role: 'worker', name: 'Workers' },
  { role: 'api', name: 'Apis' },
  { role: 'gateway', name: 'Gateways' },
] as const

interface ProcessesCardProps {
  readonly processes: readonly OpsProcess[]
  /** Redis takes heartbeats: who is not heard of is not there. */
  readonly areHeard: boolean
}

/** How many live, and do their work. */
export function ProcessesCard({ processes, areHeard }: ProcessesCardProps) {
  return (
    <Card title="Processes" isFlush>
      <ul className={styles.list}>
        {ROLES.map(({ role, name }) => (
          <Role key={role} role={role} name={name} processes={processes} areHeard={areHeard} />
        ))}
      </ul>
    </Card>
  )
}

interface RoleProps extends ProcessesCardProps {
  readonly role: OpsProcess['role']
  readonly name: string
}

function Role({ role, name, processes, areHeard }: RoleProps) {
  const { alive, stuck, gone } = headcount(processes, role)
  const isMissing = alive === 0 && role !== 'gateway' && areHeard
  return (
    <li>
      <div className={styles.line}>
        <Link to="/processes" search={{ role }} className={styles.name}>
          {name}
        </Link>
        <span className={`${styles.badge} ${styles.line}`}>
          {stuck > 0 && <StatusBadge tone="bad">{stuck} stuck</StatusBadge>}
          {gone > 0 && <StatusBadge tone="bad">{gone} silent</StatusBadge>}
          <StatusBadge tone={isMissing ? 'bad' : alive === 0 ? 'idle' : 'good'}>
            {alive > 0 ? `${alive} alive` : areHeard ? 'none alive' : 'not known'}
          </StatusBadge>
        </span>
      </div>
    </li>
  )
}
