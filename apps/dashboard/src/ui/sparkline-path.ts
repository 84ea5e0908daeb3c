/** Below: 0; above: the largest. Where nothing was measured there is a gap. The `d` of an SVG path; empty when there is nothing to draw. */
export function sparklinePath(values: readonly (number | null)[], width: number, height: number): string {
  const most = values.reduce<number>((largest, value) => Math.max(largest, value ?? 0), 0)
  const step = width / Math.max(1, values.length - 1)
  let command = 'M'
  let path = ''
  for (const [index, value] of values.entries()) {
    if (value === null) {
      command = 'M'
      continue
    }
    path += `${command}${rounded(index * step)} ${rounded(most === 0 ? height : height * (1 - value / most))}`
    if (command === 'M' && (values[index + 1] ?? null) === null) path += DOT
    command = 'L'
  }
  return path
}

/** A line to nowhere has round ends: a value without neighbours is seen. */
const DOT = 'h0'

const rounded = (value: number): number => Math.round(value * 10) / 10
