import { Note } from '../ui/note.tsx'
import { useLiveWords } from './use-live-words.ts'

/** Above every view, while what it shows is not of now: nobody takes yesterday's "well" for today's. */
export function OldNote() {
  const { isOld, tone, age, more } = useLiveWords()
  if (!isOld) return null
  return (
    <Note tone={tone === 'bad' ? 'bad' : 'warn'}>
      {more} {age && `The ${age}.`}
    </Note>
  )
}
