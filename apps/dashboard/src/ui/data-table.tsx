import {
  type ColumnDef,
  createColumnHelper,
  createSortedRowModel,
  type RowData,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { useMemo, useRef } from 'react'
import { classes } from './classes.ts'
import styles from './data-table.module.css'
import { Icon } from './icon.tsx'
import { SortControl } from './sort-control.tsx'
import { useFocusInRows } from './use-focus-in-rows.ts'
import { useRowsInSight } from './use-rows-in-sight.ts'

interface ColumnLook {
  /** `end`: numbers. */
  readonly align?: 'end'
  /** As narrow as its content; others share what is left. */
  readonly isNarrow?: boolean
  /** As CSS writes it: where tables below each other should have the same columns. */
  readonly width?: string
  /** Left out before a row becomes a card, where there is little room. */
  readonly isMinor?: boolean
  /** Its buttons: as high as a line. */
  readonly isActions?: boolean
  /** On phones, where a row is a card: its title; its state beside that; sentences that need no name; two in a line; left out. Others stand behind their name. */
  readonly onPhone?: 'title' | 'state' | 'text' | 'half' | 'hidden'
}

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  columnMeta: {} as ColumnLook,
})

// biome-ignore lint/suspicious/noExplicitAny: each column has a value of its own type
export type Column<Row extends RowData> = ColumnDef<typeof features, Row, any>

/** `const column = columnsOf<OpsUserRow>()`, then `column.accessor('jid', { header: 'User', … })`; columns are made outside of components. */
export const columnsOf = <Row extends RowData>() => createColumnHelper<typeof features, Row>()

/** For names in which people count: `node2` before `node10`. Others are plain text or numbers: of hexadecimal ids, `12c` before `9ab`. */
export const byNumbersInIt = sortFn_alphanumeric

/** The table's own choice would depend on what happens to be in the rows. */
const DEFAULT_COLUMN = { sortFn: sortFn_basic }

interface DataTableProps<Row extends RowData> {
  /** What it lists, for screen readers: `Users`. */
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly rowId: (row: Row) => string
  /** Name of the column by which rows are sorted, with - in front when the largest comes first; as it stands in an address. */
  readonly sort?: string | undefined
  /** Rows can be sorted: called with the next value of `sort`. Without it rows stay in their order. */
  readonly onSort?: (sort: string | undefined) => void
  /** Rows that stand out. */
  readonly rowTone?: (row: Row) => 'bad' | 'warn' | 'new' | undefined
}

/** Rows and columns; on phones, a list of cards. It scrolls with the page. */
export function DataTable<Row extends RowData>(props: DataTableProps<Row>) {
  const { label, rows, columns, rowId, sort, onSort, rowTone } = props
  // Another array would be another order for the table, and it would render without end.
  const sorting = useMemo(() => sortingOf(sort), [sort])
  const table = useTable({
    features,
    columns: columns as Column<Row>[],
    defaultColumn: DEFAULT_COLUMN,
    data: rows as Row[],
    getRowId: rowId,
    enableSorting: onSort !== undefined,
    enableSortingRemoval: false,
    state: { sorting },
    onSortingChange: (update) => {
      const next = typeof update === 'function' ? update(sorting) : update
      onSort?.(next[0] && `${next[0].desc ? '-' : ''}${next[0].id}`)
    },
  })
  const sorted = table.getRowModel().rows
  const body = useRef<HTMLTableSectionElement>(null)
  const { shown, before, after, measure } = useRowsInSight(sorted, body)
  const onRowFocus = useFocusInRows(body)

  // The roles are said again: laid out as cards, browsers no longer take it for a table.
  return (
    <div className={styles.box}>
      {onSort && sorted.length > 1 && <SortControl columns={table.getAllLeafColumns()} sort={sort} onSort={onSort} />}
      {/* biome-ignore lint/a11y/noRedundantRoles: see above */}
      <table className={styles.table} role="table" aria-label={label} aria-rowcount={sorted.length + 1}>
        {/* biome-ignore lint/a11y/noRedundantRoles: see above */}
        <thead className={styles.head} role="rowgroup">
          {table.getHeaderGroups().map((group) => (
            // biome-ignore lint/a11y/noRedundantRoles: see above
            <tr key={group.id} role="row">
              {group.headers.map((header) => {
                const look = header.column.columnDef.meta
                const order = header.column.getIsSorted()
                return (
                  <th
                    key={header.id}
                    // biome-ignore lint/a11y/noRedundantRoles: see above
                    role="columnheader"
                    scope="col"
                    style={look?.width === undefined ? undefined : { width: look.width }}
                    className={classes(
                      styles.heading,
                      look?.align && styles.end,
                      look?.isNarrow && styles.narrow,
                      look?.isMinor && styles.minor,
                    )}
                    aria-sort={order === false ? undefined : order === 'asc' ? 'ascending' : 'descending'}
                  >
                    {header.column.getCanSort() ? (
                      <button type="button" className={styles.sort} onClick={header.column.getToggleSortingHandler()}>
                        <table.FlexRender header={header} />
                        <span className={order === false ? styles.unsorted : undefined}>
                          <Icon name={order === 'asc' ? 'up' : 'down'} />
                        </span>
                      </button>
                    ) : (
                      <table.FlexRender header={header} />
                    )}
                  </th>
                )
              })}
            </tr>
          ))}
        </thead>
        {/* biome-ignore lint/a11y/noRedundantRoles: see above */}
        <tbody ref={body} role="rowgroup">
          {before > 0 && <Space height={before} />}
          {shown.map(({ row, index }) => {
            const tone = rowTone?.(row.original)
            return (
              <tr
                key={row.id}
                ref={measure}
                data-index={index}
                // biome-ignore lint/a11y/noRedundantRoles: see above
                role="row"
                aria-rowindex={index + 2}
                className={classes(styles.row, tone && styles[tone])}
                {...onRowFocus(index)}
              >
                {row.getAllCells().map((cell) => {
                  const look = cell.column.columnDef.meta
                  const name = cell.column.columnDef.header
                  return (
                    <td
                      key={cell.id}
                      // biome-ignore lint/a11y/noRedundantRoles: see above
                      role="cell"
                      className={classes(
                        styles.cell,
                        look?.align && styles.end,
                        look?.isNarrow && styles.narrow,
                        look?.isMinor && styles.minor,
                        look?.isActions && styles.actions,
                        look?.onPhone && styles[look.onPhone],
                      )}
                    >
                      {typeof name === 'string' && (
                        <span className={styles.name} aria-hidden="true">
                          {name}
                        </span>
                      )}
                      <div className={styles.value}>
                        <table.FlexRender cell={cell} />
                      </div>
                    </td>
                  )
                })}
              </tr>
            )
          })}
          {after > 0 && <Space height={after} />}
        </tbody>
      </table>
    </div>
  )
}

/** In place of the rows out of sight. */
const Space = ({ height }: { readonly height: number }) => (
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it can be focused
  <tr aria-hidden="true" className={styles.space}>
    <td style={{ height }} />
  </tr>
)

const sortingOf = (sort: string | undefined) =>
  sort === undefined ? [] : [{ id: sort.replace(/^-/, ''), desc: sort.startsWith('-') }]
