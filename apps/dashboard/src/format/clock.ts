/** Clocks are never quite alike, and an answer takes a moment: less than that is no difference. */
const ALIKE_MS = 5_000

let aheadMs = 0

/** Now, as the api counts: all times that are shown are its own, and the clock of whoever looks may be wrong. */
export const now = (): number => Date.now() + aheadMs

/** The api has just said what time it is (ISO 8601). */
export function setClock(at: string): void {
  const ahead = Date.parse(at) - Date.now()
  aheadMs = Math.abs(ahead) > ALIKE_MS ? ahead : 0
}
