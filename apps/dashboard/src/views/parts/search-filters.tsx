import type { ReactNode } from 'react'
import { Field, Filters, Input } from '../../ui/field.tsx'
import type { Typed } from './use-typed.ts'

interface SearchFiltersProps {
  readonly label: string
  readonly placeholder: string
  readonly typed: Typed
  /** What Enter does; else it asks at once for what stands there. */
  readonly onEnter?: () => void
  /** What else the list is filtered by. */
  readonly children?: ReactNode
}

/** Above a list: what one writes to find something in it. */
export function SearchFilters({ label, placeholder, typed, onEnter = typed.finish, children }: SearchFiltersProps) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onEnter()
      }}
    >
      <Filters>
        <Field label={label}>
          <Input
            type="search"
            value={typed.text}
            onChange={({ target }) => typed.type(target.value)}
            placeholder={placeholder}
            autoCapitalize="none"
          />
        </Field>
        {children}
      </Filters>
    </form>
  )
}
