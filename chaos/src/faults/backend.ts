import { setTimeout as delay } from 'node:timers/promises'
import { type Behaviour, isMisbehaving } from '../backend-control.ts'
import type { Fault } from './fault.ts'
import { someUsers } from './kill.ts'

/** One for each way in which the application can be ill. `isTold`: not over before those whom it befalls were asked for. */
function ill(name: string, about: string, behaviour: Behaviour, isTold = false): Fault {
  return {
    name,
    about,
    answersWithinMs: 20_000,
    settlesWithinMs: 25_000, // fetches run into their timeout, and retries wait
    plan: ({ scene, load, pace }) => ({
      what: about,
      excuses: { failed: (user) => isMisbehaving(behaviour, user) },
      async run() {
        await scene.backend.behave(behaviour)
        const told =
          isTold && load.refresh(someUsers(load.users, load.users).filter((user) => isMisbehaving(behaviour, user)))
        await Promise.all([delay(6000 * pace), told])
        await scene.backend.behave({ kind: 'good' })
      },
    }),
  }
}

export const BACKEND_FAULTS: readonly Fault[] = [
  ill('backend-dead', 'the backend refuses connections', { kind: 'dead' }),
  ill('backend-hang', 'the backend takes requests and answers none', { kind: 'hang' }),
  ill('backend-slow', 'the backend sends one byte a second', { kind: 'drip' }),
  ill('backend-flap', 'the backend comes and goes', { kind: 'flap' }),
  ill('backend-429', 'the backend answers 429 with Retry-After to everybody', { kind: 'too-many' }),
  ill('backend-garbage', 'the backend answers a web page for 1 % of the users', { kind: 'garbage', share: 100 }, true),
  ill('backend-hang-some', 'the backend hangs for 1 % of the users', { kind: 'hang', share: 100 }),
]
