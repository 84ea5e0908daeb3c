/** The clock of Redis, as it was last told and has gone on since then: ids of changes are times by it. */
export function redisClock() {
  let told = { redis: Date.now(), here: performance.now() }
  return {
    /** `ms`: epoch milliseconds. */
    set(ms: number): void {
      told = { redis: ms, here: performance.now() }
    },
    /** Epoch milliseconds. */
    now: (): number => Math.round(told.redis + performance.now() - told.here),
  }
}

export type RedisClock = ReturnType<typeof redisClock>

/** Epoch milliseconds at which an entry of the change log was written. */
export const timeOfEntry = (id: string): number => Number(id.split('-', 1))
