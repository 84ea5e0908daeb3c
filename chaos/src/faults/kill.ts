import { setTimeout as delay } from 'node:timers/promises'
import { type Fault, only } from './fault.ts'

/** A supervisor takes a moment. */
const RESTART_MS = 500

export const killWorker: Fault = {
  name: 'kill-worker',
  about: 'kill -9 of a worker in the middle of its fetches, one to three times in a row',
  answersWithinMs: 10_000,
  settlesWithinMs: 10_000,
  plan({ scene, random, load }) {
    const victims = Array.from({ length: random.between(1, 3) }, () => random.pick(scene.workers))
    const afterMs = victims.map(() => random.between(20, 400))
    return {
      what: `kill -9 of ${victims.map(({ name }) => name).join(', ')}`,
      excuses: {},
      async run() {
        for (const [i, victim] of victims.entries()) {
          void load.refresh(someUsers(load.users, 500))
          await delay(afterMs[i])
          await victim.kill()
          await delay(RESTART_MS)
          await victim.start()
        }
      },
    }
  },
}

export const killApi: Fault = {
  name: 'kill-api',
  about: 'kill -9 of an api while it takes in a large refresh and reads of rosters not stored yet',
  answersWithinMs: 10_000,
  settlesWithinMs: 20_000, // of which another api waits 4 s for a sign of life before it goes on with a refresh
  plan({ scene, random, load, stored }) {
    const at = random.below(scene.apis.length)
    const victim = scene.apis[at]
    const afterMs = random.between(20, 300)
    return {
      what: `kill -9 of api ${at + 1}`,
      excuses: { broken: only(at), refused: only(at), unread: only(at) },
      async run() {
        void load.refresh(someUsers(load.users, 10_000), at)
        await load.readNew(at, delay(afterMs))
        victim?.signal('SIGSTOP') // what it has accepted by now is what it has accepted
        load.owe(at, await stored.accepting())
        await victim?.kill()
        await delay(RESTART_MS)
        await victim?.start()
      },
    }
  },
}

export const someUsers = (users: number, most: number): number[] =>
  Array.from({ length: Math.min(users, most) }, (_, user) => user)
