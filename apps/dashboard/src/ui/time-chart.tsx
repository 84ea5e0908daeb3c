import { lazy, Suspense, useId, useMemo, useState } from 'react'
import { formatAbsolute, formatClock } from '../format/times.ts'
import { Boundary } from './boundary.tsx'
import { IconButton } from './button.tsx'
import { Card } from './card.tsx'
import { classes } from './classes.ts'
import styles from './time-chart.module.css'
import { summaryOf, tableRows } from './time-chart-text.ts'

/** One line: its name, and one value for each time. */
export interface Series {
  readonly name: string
  /** Null: nothing was measured. */
  readonly values: readonly (number | null)[]
}

interface TimeChartProps {
  readonly title: string
  /** Seconds since 1970, the oldest first. */
  readonly at: readonly number[]
  readonly series: readonly Series[]
  readonly format: (value: number) => string
  /** Where the axis of values may have its lines: at whole numbers (counts, milliseconds), or at powers of two (bytes). */
  readonly lines?: AxisLines
  /** What to say when there is no line at all. */
  readonly empty: string
}

export type AxisLines = 'any' | 'whole' | 'binary'

/** As many lines have a colour of their own. */
export const MAX_SERIES = 6

// The library that draws is loaded when the first chart is shown.
const Lines = lazy(() => import('./time-chart-lines.tsx').then(({ TimeChartLines }) => ({ default: TimeChartLines })))

/** Lines over time, with what they say as text and as a table. Charts of one page show their values at the same moment. */
export function TimeChart({ title, at, series, format, lines = 'any', empty }: TimeChartProps) {
  const [cursor, setCursor] = useState<number | null>(null)
  const [isTable, setTable] = useState(false)
  const [isFocused, setFocused] = useState(false)
  const id = useId()
  // The same lines for as long as the values are the same: others would be drawn anew with each move of the pointer.
  const shown = useMemo(() => series.slice(0, MAX_SERIES), [series])
  const isEmpty = !shown.some(({ values }) => values.some((value) => value !== null))
  const index = cursor ?? at.length - 1
  const moment = cursor === null ? undefined : at[cursor]

  return (
    <Card
      title={title}
      note={moment !== undefined && (isOverDays(at) ? formatAbsolute(moment * 1000) : formatClock(moment * 1000))}
      actions={
        !isEmpty && (
          <IconButton
            icon={isTable ? 'chart' : 'table'}
            label={`${title}: show as a ${isTable ? 'chart' : 'table'}`}
            aria-controls={id}
            onClick={() => setTable(!isTable)}
          />
        )
      }
    >
      <figure id={id} className={styles.chart}>
        <figcaption className="visually-hidden">{summaryOf(shown, format)}</figcaption>
        {isEmpty ? (
          <p className={styles.empty}>{empty}</p>
        ) : isTable ? (
          <ValueTable title={title} at={at} series={shown} format={format} />
        ) : (
          <>
            <ul className={styles.legend}>
              {shown.map(({ name, values }, line) => (
                <li key={name}>
                  <span className={classes(styles.swatch, styles[`series${line + 1}`])} />
                  <span className={styles.name}>{name}</span>
                  <strong>{written(values[index], format)}</strong>
                </li>
              ))}
            </ul>
            <Boundary
              instead={() => (
                <p className={styles.empty}>
                  What draws charts cannot be loaded. The table shows the same; load the page again when the api
                  answers.
                </p>
              )}
            >
              <Suspense fallback={<div className={styles.plot} />}>
                <div className={styles.plot}>
                  <Lines
                    title={title}
                    at={at}
                    series={shown}
                    format={format}
                    lines={lines}
                    onCursor={setCursor}
                    onFocused={setFocused}
                  />
                </div>
              </Suspense>
            </Boundary>
            <span className="visually-hidden" aria-live="polite">
              {isFocused && moment !== undefined && spoken(moment, cursor, shown, format)}
            </span>
          </>
        )}
      </figure>
    </Card>
  )
}

/** What arrow keys have come to, read aloud. */
const spoken = (moment: number, cursor: number | null, series: readonly Series[], format: TimeChartProps['format']) =>
  `${formatClock(moment * 1000)}: ${series.map(({ name, values }) => `${name} ${written(values[cursor ?? -1], format)}`).join(', ')}`

const isOverDays = (at: readonly number[]): boolean => (at.at(-1) ?? 0) - (at[0] ?? 0) > 86_400

const written = (value: number | null | undefined, format: TimeChartProps['format']): string =>
  value === null || value === undefined ? '–' : format(value)

function ValueTable({ title, at, series, format }: Omit<TimeChartProps, 'empty'>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={styles.scroll} aria-label={`${title}, as a table`} tabIndex={0}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {tableRows(at.length).map((index) => (
            <tr key={index}>
              <th scope="row">{formatAbsolute((at[index] ?? 0) * 1000)}</th>
              {series.map(({ name, values }) => (
                <td key={name}>{written(values[index], format)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
