import { useDomains } from '../../data/session.ts'
import { Field, Select } from '../../ui/field.tsx'

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
  const known = value === undefined || domains.includes(value) || more.some(([one]) => one === value)
  return (
    <Field label="Domain">
      <Select value={value ?? ''} onChange={(event) => onChange(event.target.value || undefined)}>
        <option value="">{none}</option>
        {more.map(([one, label]) => (
          <option key={one} value={one}>
            {label}
          </option>
        ))}
        {domains.map((domain) => (
          <option key={domain}>{domain}</option>
        ))}
        {!known && <option>{value}</option>}
      </Select>
    </Field>
  )
}
