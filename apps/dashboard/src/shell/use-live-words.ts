import { useLive } from '../data/live.tsx'
import { type LiveWords, liveWords } from './live-words.ts'

export function useLiveWords(): LiveWords {
  const link = useLive((live) => live.link)
  const oldForS = useLive((live) => live.oldForS)
  return liveWords({ link, oldForS })
}
