import { useMemo, useSyncExternalStore } from 'react'
import type { ChangeFilter } from '../../data/changes.ts'
import { type ChangesTail, changesTail, type Tail } from '../../data/changes-tail.ts'

/** Listens while the view is open; another filter begins another tail. */
export function useChangesTail({ domain, user }: ChangeFilter): Tail & Pick<ChangesTail, 'setPaused'> {
  const tail = useMemo(() => changesTail({ filter: { domain, user } }), [domain, user])
  const state = useSyncExternalStore(tail.subscribe, tail.get)
  return { ...state, setPaused: tail.setPaused }
}
