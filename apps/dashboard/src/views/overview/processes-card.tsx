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

/** How many live, and do their work. */
export function ProcessesCard({ processes }: { readonly processes: readonly OpsProcess[] }) {
  return (
    <Card title="Processes" isFlush>
      <ul className={styles.list}>
        {ROLES.map(({ role, name }) => (
          <Role key={role} role={role} name={name} processes={processes} />
        ))}
      </ul>
    </Card>
  )
}

interface RoleProps {
  readonly role: OpsProcess['role']
  readonly name: string
  readonly processes: readonly OpsProcess[]
}

function Role({ role, name, processes }: RoleProps) {
  const { alive, stuck, gone } = headcount(processes, role)
  const isMissing = alive === 0 && role !== 'gateway'
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
            {alive === 0 ? 'none alive' : `${alive} alive`}
          </StatusBadge>
        </span>
      </div>
    </li>
  )
}
