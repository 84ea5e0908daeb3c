import { PRIORITY, type Priority } from '@rollcall/runtime'
import pLimit from 'p-limit'

/** Gives everything that asks for users its turn. */
export type Intake = <T>(priority: Priority, ask: () => Promise<T>) => Promise<T>

/** More at a time bring no speed, and everything else of this process comes behind the jobs that they put together. */
const CHUNKS_AT_A_TIME = { small: 4, bulk: 2 } as const

/** Turns for all refreshes of an api together; those of small ones never come behind those of large ones. */
export function intake(): Intake {
  const small = pLimit(CHUNKS_AT_A_TIME.small)
  const bulk = pLimit(CHUNKS_AT_A_TIME.bulk)
  return (priority, ask) => (priority < PRIORITY.bulk ? small : bulk)(ask)
}
