import type { OpsSnapshot } from '@rollcall/roster'
import { HEALTH } from '../../shell/health.ts'
import { useLiveWords } from '../../shell/use-live-words.ts'
import { Note } from '../../ui/note.tsx'
import { Troubles } from '../parts/troubles.tsx'

/** How Rollcall is, in sentences; that it is well only when that is known of now. */
export function HealthWords({ snapshot }: { readonly snapshot: Pick<OpsSnapshot, 'health' | 'redis' | 'isKnown'> }) {
  const { status, troubles } = snapshot.health
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
      {!snapshot.isKnown ? (
        <p>This api has not been able to read it since you came: what it keeps is not known.</p>
      ) : (
        !snapshot.redis.isReachable && <p>Numbers that Redis keeps are as they were when it was last there.</p>
      )}
    </Note>
  )
}
