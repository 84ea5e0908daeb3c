import type { OpsSnapshot } from '@rollcall/roster'
import { HEALTH } from '../../shell/health.ts'
import { useLiveWords } from '../../shell/use-live-words.ts'
import { Note } from '../../ui/note.tsx'
import { Troubles } from '../parts/troubles.tsx'

/** How Rollcall is, in sentences; that it is well only when that is known of now. */
export function HealthWords({ health: { status, troubles }, redis }: Pick<OpsSnapshot, 'health' | 'redis'>) {
  const { isOld } = useLiveWords()
  if (isOld && status === 'ok') return null
  const { sentence, tone } = HEALTH[status]
  return (
    <Note tone={tone}>
      <strong>
        {isOld && 'As it was last: '}
        {sentence}
      </strong>
      {troubles.length > 0 && <Troubles troubles={troubles} />}
      {!redis.isReachable && <p>Numbers that Redis keeps are as they were when it was last there.</p>}
    </Note>
  )
}
