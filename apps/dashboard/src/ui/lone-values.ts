/** Places of values without neighbours: no line leads to them, so they would not be seen. */
export const loneValues = (values: readonly (number | null | undefined)[]): number[] =>
  values.flatMap((value, at) =>
    isMeasured(value) && !isMeasured(values[at - 1]) && !isMeasured(values[at + 1]) ? [at] : [],
  )

const isMeasured = (value: number | null | undefined): boolean => value !== null && value !== undefined
