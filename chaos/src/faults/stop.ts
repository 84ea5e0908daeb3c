import { setTimeout as delay } from 'node:timers/promises'
import { type Fault, only } from './fault.ts'
import { someUsers } from './kill.ts'

export const stopWorker: Fault = {
  name: 'stop-worker',
  about: 'SIGSTOP of a worker until others have its jobs, then SIGCONT: it writes what it fetched long ago',
  answersWithinMs: 10_000,
  settlesWithinMs: 10_000,
  plan({ scene, random, load, now }) {
    const victim = random.pick(scene.workers)
    return {
      what: `SIGSTOP of ${victim.name}`,
      excuses: {},
      async run() {
        const { backend } = scene
        const users = Array.from({ length: Math.min(60, load.users) }, (_, i) => load.users - 1 - i) // seldom asked for else
        await backend.behave({ kind: 'late' })
        const before = await backend.fetches()
        void load.refresh(users)
        const until = now() + 2000
        while ((await backend.fetches()) < before + users.length && now() < until) await delay(5)
        victim.signal('SIGSTOP') // it has asked for some of them, and the answers find it asleep
        await backend.behave({ kind: 'good' })
        void load.refresh(users)
        const { jobLockMs, stallCheckMs } = scene.settings
        await delay(jobLockMs + 3 * stallCheckMs)
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
