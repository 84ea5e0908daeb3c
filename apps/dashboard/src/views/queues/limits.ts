import type { OpsQueue, OpsQueueLimits } from '@rollcall/roster'

/** As somebody writes them; empty: no bound. */
export interface WrittenLimits {
  readonly atATime: string
  readonly max: string
  readonly seconds: string
}

export interface LimitsRead {
  /** Undefined while something is wrong. */
  readonly limits: OpsQueueLimits | undefined
  readonly errors: Partial<Record<keyof WrittenLimits, string>>
}

const MOST = 1_000_000
const SHORTEST_S = 0.1
const LONGEST_S = 3600

/** Those in force; where shards differ, nothing. */
export function writtenLimits(queues: readonly OpsQueue[]): WrittenLimits {
  const same = (of: (queue: OpsQueue) => number | undefined): string => {
    const values = new Set(queues.map(of))
    const [value] = values
    return values.size === 1 && value !== undefined ? String(value) : ''
  }
  return {
    atATime: same((queue) => queue.globalConcurrency ?? undefined),
    max: same((queue) => queue.rateLimit?.max),
    seconds: same((queue) => (queue.rateLimit === null ? undefined : queue.rateLimit.durationMs / 1000)),
  }
}

/** Setting them all alike takes away what somebody has set for one. */
export const areAlike = (queues: readonly OpsQueue[]): boolean =>
  new Set(queues.map((queue) => JSON.stringify(writtenLimits([queue])))).size <= 1

export function limitsFrom({ atATime, max, seconds }: WrittenLimits): LimitsRead {
  const errors: LimitsRead['errors'] = {
    ...countError('atATime', atATime),
    ...countError('max', max),
    ...secondsError(seconds, max),
  }
  if (Object.keys(errors).length > 0) return { limits: undefined, errors }
  return {
    errors,
    limits: {
      globalConcurrency: atATime.trim() === '' ? null : Number(atATime),
      rateLimit: max.trim() === '' ? null : { max: Number(max), durationMs: Math.round(Number(seconds) * 1000) },
    },
  }
}

function countError(name: 'atATime' | 'max', text: string): LimitsRead['errors'] {
  const value = Number(text)
  const isFine = text.trim() === '' || (Number.isInteger(value) && value >= 1 && value <= MOST)
  return isFine ? {} : { [name]: 'Write a whole number from 1 to 1,000,000, or nothing.' }
}

function secondsError(seconds: string, max: string): LimitsRead['errors'] {
  if (max.trim() === '')
    return seconds.trim() === '' ? {} : { max: 'Write how many jobs may begin in that period, or leave both empty.' }
  const value = Number(seconds)
  const isFine = seconds.trim() !== '' && value >= SHORTEST_S && value <= LONGEST_S
  return isFine ? {} : { seconds: 'Write a number of seconds from 0.1 to 3600.' }
}
