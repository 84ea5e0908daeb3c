import type { Live } from '../data/live-store.ts'
import { formatDuration } from '../format/durations.ts'

export interface LiveWords {
  readonly state: string
  /** How old what is shown is, when it is older than it should be. */
  readonly age?: string
  /** What is shown is not of now. */
  readonly isOld: boolean
  readonly tone: 'good' | 'idle' | 'warn' | 'bad'
  /** A sentence, and what it means for who reads what is shown. */
  readonly more: string
}

/** Whether what is shown is of now, in words. */
export function liveWords({ link, oldForS }: Pick<Live, 'link' | 'oldForS'>): LiveWords {
  const old = oldForS === undefined ? {} : { age: `data is ${formatDuration(oldForS * 1000)} old` }
  if (link === 'lost')
    return {
      state: 'Reconnecting',
      ...old,
      isOld: true,
      tone: 'bad',
      more: 'The api does not answer. What is shown is as it was last; this page keeps trying.',
    }
  if (old.age !== undefined)
    return {
      state: 'Silent',
      ...old,
      isOld: true,
      tone: 'warn',
      more: 'The api has said nothing for that long. What is shown is as it was then; this page keeps listening.',
    }
  if (link === 'connecting')
    return { state: 'Connecting', isOld: false, tone: 'idle', more: 'Nothing has been heard of the api yet.' }
  return {
    state: 'Live',
    isOld: false,
    tone: 'good',
    more: 'What is shown follows Rollcall within seconds. It rests while the tab is hidden.',
  }
}
