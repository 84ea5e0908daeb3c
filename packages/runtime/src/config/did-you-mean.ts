/** The known name that was probably meant, or null: one or two slips of the keys, or an end that was left out. */
export function didYouMean(name: string, known: readonly string[]): string | null {
  const near = known
    .map((candidate) => ({ candidate, slips: slipsBetween(name, candidate) }))
    .filter(({ candidate, slips }) => slips <= allowedSlips(candidate))
    .sort((a, b) => a.slips - b.slips)[0]
  return near?.candidate ?? known.find((candidate) => name.includes('_') && candidate.startsWith(`${name}_`)) ?? null
}

/** Short names (HOST, PORT) are near too many others. */
function allowedSlips(name: string): number {
  if (name.length <= 5) return 0
  return name.length <= 8 ? 1 : 2
}

/** Levenshtein's distance: letters put in, left out or exchanged. */
function slipsBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Number.POSITIVE_INFINITY
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const line = [row]
    for (let column = 1; column <= b.length; column++) {
      const exchanged = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      line.push(Math.min(exchanged, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1))
    }
    above = line
  }
  return above[b.length] ?? 0
}
