/**
 * What has arrived out of order, and up to where everything has: the position that may be written down. Ids are taken in
 * the order of the log.
 */
export function prefix<Id>() {
  /** Taken and not yet written off, the first one first; true: it has ended. */
  const taken = new Map<Id, boolean>()
  let waiting = 0
  return {
    take(id: Id): void {
      if (taken.get(id) !== false) waiting++
      taken.set(id, false)
    },
    /** Returns the last id up to which all have ended; undefined: the first one taken has not. */
    end(id: Id): Id | undefined {
      if (taken.get(id) === false) {
        taken.set(id, true)
        waiting--
      }
      let last: Id | undefined
      for (const [first, hasEnded] of taken) {
        if (!hasEnded) break
        taken.delete(first)
        last = first
      }
      return last
    },
    /** Those that have not ended. */
    waiting: () => waiting,
    /** With those that have ended behind one that has not. */
    size: () => taken.size,
    first: (): Id | undefined => taken.keys().next().value,
    clear(): void {
      taken.clear()
      waiting = 0
    },
  }
}
