import type { OpsSnapshot } from '@rollcall/roster'
import type { IconName } from '../ui/icon.tsx'

type Status = OpsSnapshot['health']['status']

interface HealthWords {
  readonly word: string
  readonly sentence: string
  readonly tone: 'good' | 'warn' | 'bad'
  readonly icon: IconName
}

/** The states of `GET /health/ready`, for people. */
export const HEALTH: Record<Status, HealthWords> = {
  ok: { word: 'Well', sentence: 'Rollcall is well.', tone: 'good', icon: 'good' },
  degraded: { word: 'Degraded', sentence: 'Something does not work as it should.', tone: 'warn', icon: 'failures' },
  unavailable: { word: 'Unavailable', sentence: 'Rollcall does not work.', tone: 'bad', icon: 'bad' },
}

/** The api is not heard of: what it said last need not be so any more. */
export const LOST: HealthWords = {
  word: 'Not known',
  sentence: 'The api is not heard of.',
  tone: 'bad',
  icon: 'help',
}
