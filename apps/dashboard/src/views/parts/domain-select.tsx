import { useDomains } from '../../data/session.ts'
import { Choice } from './choice.tsx'

interface DomainSelectProps {
  /** Undefined: what `none` says. */
  readonly value: string | undefined
  /** What stands for no choice: `All domains`. */
  readonly none: string
  /** Besides the configured ones: `[['*', 'All domains']]`. */
  readonly more?: readonly (readonly [value: string, label: string])[]
  readonly onChange: (domain: string | undefined) => void
}

/** Which domain a list is about; where only one is configured there is nothing to choose. */
export function DomainSelect({ value, none, more = [], onChange }: DomainSelectProps) {
  const domains = useDomains()
  if (domains.length < 2 && value === undefined) return null
  return <Choice label="Domain" value={value} none={none} options={[...more, ...domains]} onChange={onChange} />
}
