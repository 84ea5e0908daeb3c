import { setTimeout as delay } from 'node:timers/promises'
import { type Fault, only } from './fault.ts'
import { someUsers } from './kill.ts'

/** More than a worker fetches at a time, so that each has some of them. */
const HELD_USERS = 150
const HELD_BY_EACH = 20
/** For so long at most: what was fetched longer ago than BACKEND_TIMEOUT_MS is given up, and shows nothing. */
const HOLD_MS = 2000
const STOPPED_MS = 20_000

export const stopWorker: Fault = {
  name: 'stop-worker',
  about: 'SIGSTOP of a worker until others have its jobs, then SIGCONT: it writes what it fetched long ago',
  answersWithinMs: 10_000,
  settlesWithinMs: 10_000,
  plan({ scene, random, load, stored, now }) {
    const victim = random.pick(scene.workers)
    return {
      what: `SIGSTOP of ${victim.name}`,
      excuses: {},
      async run() {
        const { backend } = scene
        const users = Array.from({ length: Math.min(HELD_USERS, load.users) }, (_, i) => load.users - 1 - i) // seldom asked for else
        await backend.behave({ kind: 'late' })
        const began = Date.now()
        void load.refresh(users)
        const areHeld = async (): Promise<boolean> => {
          const given = await backend.given(users)
          const asked = users.filter((_, i) => (given[i]?.at(-1)?.at ?? 0) >= began)
          return (await stored.held(asked)).filter((jobs) => jobs >= HELD_BY_EACH).length === scene.workers.length
        }
        const until = now() + HOLD_MS
        while (!(await areHeld()) && now() < until) await delay(10)
        victim.signal('SIGSTOP') // it has asked for some of them, and the answers find it asleep
        await backend.behave({ kind: 'good' })
        await Promise.race([load.refresh(users), delay(STOPPED_MS)]) // others have its jobs when the caller is answered
        victim.signal('SIGCONT')
        await delay(500)
        await Promise.all(users.map((user) => load.read(user)))
      },
    }
  },
}

export const stopApi: Fault = {
  name: 'stop-api',
  about: 'SIGSTOP of an api for 6 s in a refresh of 10,000 users: it misses what is published meanwhile',
  answersWithinMs: 10_000,
  settlesWithinMs: 20_000,
  plan({ scene, random, load, pace }) {
    const at = random.below(scene.apis.length)
    const victim = scene.apis[at]
    const afterMs = random.between(50, 500)
    return {
      what: `SIGSTOP of api ${at + 1}`,
      excuses: { broken: only(at) },
      async run() {
        void load.refresh(someUsers(load.users, 10_000), at)
        await delay(afterMs)
        victim?.signal('SIGSTOP')
        await delay(6000 * pace)
        victim?.signal('SIGCONT')
      },
    }
  },
}
