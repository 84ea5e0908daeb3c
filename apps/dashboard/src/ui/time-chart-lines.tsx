import { type KeyboardEvent, useEffect, useEffectEvent, useRef } from 'react'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { loneValues } from './lone-values.ts'
import styles from './time-chart.module.css'
import type { AxisLines, Series } from './time-chart.tsx'
import { useColourScheme } from './use-colour-scheme.ts'

interface TimeChartLinesProps {
  readonly title: string
  readonly at: readonly number[]
  readonly series: readonly Series[]
  readonly format: (value: number) => string
  readonly lines: AxisLines
  /** The point under the pointer, of this chart or of another one of the page; null: none. */
  readonly onCursor: (index: number | null) => void
  readonly onFocused: (isFocused: boolean) => void
}

const HEIGHT_PX = 176
/** All charts of the page show the same moment. */
const TOGETHER = 'rollcall'

export function TimeChartLines({ title, at, series, format, lines, onCursor, onFocused }: TimeChartLinesProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(null)
  const scheme = useColourScheme()
  const names = series.map(({ name }) => name).join('\n')
  const tell = useEffectEvent(onCursor)
  const write = useEffectEvent(format)
  const data = () => [at, ...series.map(({ values }) => values)] as unknown as UPlot.AlignedData
  const current = useEffectEvent(data)

  // Made again when the lines are others, or the colours; new values are put into what is there.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    const element = place.current
    if (!element) return
    const options = optionsOf(element, names.split('\n'), { format: write, lines, tell })
    const made = new UPlot({ ...options, width: element.clientWidth, height: HEIGHT_PX }, current(), element)
    plot.current = made
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT_PX }))
    watch.observe(element)
    return () => {
      watch.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [names, scheme])

  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew by every answer
  useEffect(() => plot.current?.setData(current()), [at, series])

  const move = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    const chart = plot.current
    if (step === undefined || !chart) return
    event.preventDefault()
    const last = at.length - 1
    const index = Math.min(last, Math.max(0, (chart.cursor.idx ?? last + (step < 0 ? 1 : 0)) + step))
    chart.setCursor({ left: chart.valToPos(at[index] ?? 0, 'x'), top: 0 })
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div
      ref={place}
      className={styles.lines}
      role="group"
      aria-label={`${title}: arrow keys show values`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it has keys
      tabIndex={0}
      onKeyDown={move}
      onFocus={() => onFocused(true)}
      onBlur={() => {
        onFocused(false)
        plot.current?.setCursor({ left: -10, top: -10 })
      }}
    />
  )
}

interface Ways {
  readonly format: (value: number) => string
  readonly lines: AxisLines
  readonly tell: (index: number | null) => void
}

function optionsOf(
  element: HTMLElement,
  names: readonly string[],
  { format, lines, tell }: Ways,
): Omit<UPlot.Options, 'width' | 'height'> {
  const colour = colours(element)
  const grid = { stroke: colour('--line'), width: 1 }
  const axis = { stroke: colour('--muted'), font: `12px ${getComputedStyle(element).fontFamily}`, grid, ticks: grid }
  return {
    legend: { show: false },
    padding: [8, 20, 0, 0], // on the right, half of the last time
    cursor: {
      sync: { key: TOGETHER },
      drag: { x: false, y: false },
      points: { size: 7 },
      y: false,
    },
    scales: { y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.08 : 1] } },
    axes: [
      { ...axis, size: 28, values: (_plot, at) => timesOf(at) },
      {
        ...axis,
        size: widthOf,
        ...(lines !== 'any' && { incrs: DISTANCES[lines] }),
        values: (_plot, values) => values.map((value) => format(value)),
      },
    ],
    series: [
      {},
      ...names.map((_name, line) => ({
        stroke: colour(`--series-${line + 1}`),
        width: 1.75,
        points: {
          show: false,
          filter: (plot: UPlot, at: number) => loneValues([...(plot.data[at] ?? [])]),
          size: 5,
          fill: colour(`--series-${line + 1}`),
        },
        ...(names.length === 1 && { fill: colour('--series-1').replace(/^rgb\((.*)\)$/, 'rgba($1, 0.1)') }),
      })),
    ],
    hooks: { setCursor: [(plot) => tell(plot.cursor.idx ?? null)] },
  }
}

/** What may lie between two lines of the axis of values. */
const DISTANCES: Record<Exclude<AxisLines, 'any'>, number[]> = {
  whole: Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat(),
  binary: Array.from({ length: 50 }, (_, power) => 2 ** power),
}

/** Room for the longest text at the axis of values. */
function widthOf(plot: UPlot, values: string[] | null): number {
  if (values === null) return 40
  const ratio = UPlot.pxRatio
  plot.ctx.font = `${12 * ratio}px ${getComputedStyle(plot.root).fontFamily}`
  const widest = Math.max(...values.map((value) => plot.ctx.measureText(value).width))
  return Math.ceil(widest / ratio) + 20
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })

/** The clock; the day where the distance is that long. */
function timesOf(at: readonly number[]): string[] {
  const distance = (at[1] ?? 0) - (at[0] ?? 0)
  return at.map((seconds) => (distance >= 86_400 ? day : clock).format(seconds * 1000))
}

/** What a custom property stands for now, as the canvas understands it. */
function colours(element: HTMLElement): (property: string) => string {
  const probe = document.createElement('span')
  return (property) => {
    element.append(probe)
    probe.style.color = `var(${property})`
    const { color } = getComputedStyle(probe)
    probe.remove()
    return color
  }
}
