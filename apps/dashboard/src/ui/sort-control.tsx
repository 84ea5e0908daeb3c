import { IconButton } from './button.tsx'
import { Field, Select } from './field.tsx'
import styles from './sort-control.module.css'

interface SortControlProps {
  readonly columns: readonly {
    readonly id: string
    readonly columnDef: { readonly header?: unknown }
    getCanSort(): boolean
  }[]
  readonly sort: string | undefined
  readonly onSort: (sort: string | undefined) => void
}

/** Where rows are cards there are no headings to sort by: a choice of columns, and which end comes first. */
export function SortControl({ columns, sort, onSort }: SortControlProps) {
  const isDescending = sort?.startsWith('-') ?? false
  const by = sort?.replace(/^-/, '') ?? ''
  const choose = (id: string, descending: boolean) => onSort(id === '' ? undefined : `${descending ? '-' : ''}${id}`)
  return (
    <div className={styles.sort}>
      <Field label="Sort by">
        <Select value={by} onChange={({ target }) => choose(target.value, isDescending)}>
          <option value="">as they come</option>
          {columns.map((column) => {
            const { header } = column.columnDef
            return (
              column.getCanSort() &&
              typeof header === 'string' && (
                <option key={column.id} value={column.id}>
                  {header}
                </option>
              )
            )
          })}
        </Select>
      </Field>
      <IconButton
        kind="plain"
        icon={isDescending ? 'down' : 'up'}
        label={isDescending ? 'The largest first: turn round' : 'The smallest first: turn round'}
        disabledReason={by === '' ? 'Choose first what to sort by.' : undefined}
        onClick={() => choose(by, !isDescending)}
      />
    </div>
  )
}
