import { Field, Select } from '../../ui/field.tsx'

interface ChoiceProps {
  readonly label: string
  /** Undefined: what `none` says. */
  readonly value: string | undefined
  /** What stands for no choice: `All codes`. */
  readonly none: string
  /** A text, or what stands in the address and what it is called. */
  readonly options: readonly (string | readonly [value: string, label: string])[]
  readonly onChange: (value: string | undefined) => void
}

/** One of a few, of which the address may name another one: that is offered too, so that one sees what is looked for. */
export function Choice({ label, value, none, options, onChange }: ChoiceProps) {
  const pairs = options.map((option) => (typeof option === 'string' ? ([option, option] as const) : option))
  const isKnown = value === undefined || pairs.some(([one]) => one === value)
  return (
    <Field label={label}>
      <Select value={value ?? ''} onChange={({ target }) => onChange(target.value || undefined)}>
        <option value="">{none}</option>
        {pairs.map(([one, name]) => (
          <option key={one} value={one}>
            {name}
          </option>
        ))}
        {!isKnown && <option>{value}</option>}
      </Select>
    </Field>
  )
}
