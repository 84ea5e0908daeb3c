export type Steady = (name: string, value: number, share: number, least?: number) => number

/**
 * Keeps a value that has hardly moved as it was, so that a system at rest looks at rest and readers are told nothing. Moved
 * is what differs by more than `share` of it and more than `least`. Call `next` between two looks: what was not asked for
 * in one is forgotten.
 */
export function steadier(): { readonly steady: Steady; next(): void } {
  let known = new Map<string, number>()
  let asked = new Map<string, number>()
  return {
    steady(name, value, share, least = 0) {
      const before = known.get(name)
      const hasMoved = before === undefined || Math.abs(value - before) > Math.max(least, Math.abs(before) * share)
      const now = hasMoved ? value : before
      asked.set(name, now)
      return now
    },
    next() {
      known = asked
      asked = new Map()
    },
  }
}
