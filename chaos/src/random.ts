export interface Random {
  /** 0 <= x < 1 */
  next(): number
  /** A whole number, 0 <= x < below. */
  below(below: number): number
  between(min: number, max: number): number
  pick<T>(items: readonly T[]): T
  shuffled<T>(items: readonly T[]): T[]
}

/** The same numbers for the same seed (mulberry32). */
export function random(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    between: (min, max) => min + below(max - min + 1),
    pick(items) {
      if (items.length === 0) throw new Error('Nothing to pick from')
      return items[below(items.length)] as (typeof items)[number]
    },
    shuffled(items) {
      const rest = [...items]
      for (let last = rest.length - 1; last > 0; last--) {
        const at = below(last + 1)
        ;[rest[last], rest[at]] = [rest[at] as (typeof rest)[number], rest[last] as (typeof rest)[number]]
      }
      return rest
    },
  }
}
