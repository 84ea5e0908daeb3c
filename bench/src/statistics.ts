export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (i: number): number => sorted[i] ?? Number.NaN
  const middle = (sorted.length - 1) / 2
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  }
}

/** The least value that so large a part of all does not exceed. */
export function quantileOf(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN
}

/** Of what was measured one right after the other: the machine drifts more between rounds than within one. */
export const ratioOf = <T>(
  pairs: readonly { readonly of: T; readonly to: T }[],
  value: (sample: T) => number,
): Spread => spreadOf(pairs.map((pair) => value(pair.of) / value(pair.to)))
