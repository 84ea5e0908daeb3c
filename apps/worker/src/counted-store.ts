import type { User } from '@rollcall/roster'
import type { Fetch } from '@rollcall/runtime'
import type { RefreshDeps } from './refresh-roster.ts'
import type { Settled, WorkerNumbers } from './worker-numbers.ts'

type Store = RefreshDeps['store']

/**
 * A store that counts who settles, and how, when Redis has taken it. `isTimed`: and how long ago that was asked for, which
 * says nothing of users whom nobody waits for, behind all others.
 */
export function countedStore(store: Store, numbers: Pick<WorkerNumbers, 'settled'>, isTimed: boolean): Store {
  const settled = ({ domain }: User, fetch: Fetch, how: Settled): void =>
    numbers.settled(domain, how, isTimed ? fetch.askedAt : undefined)

  return {
    async begin(user) {
      const begun = await store.begin(user)
      if (begun.kind === 'given-up') numbers.settled(user.domain, 'worker-crashed')
      return begun
    },
    read: store.read,
    release: store.release,
    async commit(user, fetch, roster) {
      const written = await store.commit(user, fetch, roster)
      if (written === 'ok') settled(user, fetch, 'changed')
      return written
    },
    async confirm(user, fetch, source) {
      const written = await store.confirm(user, fetch, source)
      if (written === 'ok') settled(user, fetch, 'unchanged')
      return written
    },
    async drop(user, fetch, failure, change, lock) {
      const written = await store.drop(user, fetch, failure, change, lock)
      if (written === 'ok') settled(user, fetch, failure.code)
      return written
    },
    async fail(user, fetch, failure, lock) {
      const written = await store.fail(user, fetch, failure, lock)
      if (written === 'ok') settled(user, fetch, failure.code)
      return written
    },
  }
}
