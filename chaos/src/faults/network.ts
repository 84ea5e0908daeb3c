import { setTimeout as delay } from 'node:timers/promises'
import type { Scene } from '../scene.ts'
import type { Excuses } from '../troubles.ts'
import { EVERYBODY, type Fault, only, type Stage } from './fault.ts'

/** Who sits behind the cables. */
const BEHIND = 1
const TIMES = 3

function cutCable(
  name: string,
  about: string,
  cable: keyof Scene['cables'],
  excuses: Excuses,
  before: (stage: Stage) => Promise<unknown> = ({ random }) => delay(random.between(2, 30)),
): Fault {
  return {
    name,
    about,
    answersWithinMs: 10_000,
    settlesWithinMs: 20_000,
    plan(stage) {
      const how = Array.from({ length: TIMES }, () => stage.random.pick(['silent', 'reset'] as const))
      const proxy = stage.scene.cables[cable]
      return {
        what: `${about} (${how.join(', ')})`,
        excuses,
        async run() {
          for (let times = 0; times < TIMES; times++) {
            await before(stage)
            proxy.cut(how[times] ?? 'reset')
            await delay(2500 * stage.pace)
            proxy.mend()
            await delay(500 * stage.pace)
          }
        },
      }
    },
  }
}

const NOT_SERVED: Excuses = { refused: only(BEHIND), unread: only(BEHIND) }

export const NETWORK_FAULTS: readonly Fault[] = [
  cutCable('cut-worker-redis', 'a worker cannot reach Redis', 'workerToRedis', {}),
  cutCable('cut-api-redis', 'an api cannot reach Redis', 'apiToRedis', NOT_SERVED, ({ load, random, scene }) => {
    scene.cables.apiToRedis.lag(10)
    return load.readNew(BEHIND, random.between(100, 300))
  }),
  cutCable('cut-worker-backend', 'a worker cannot reach the backend', 'workerToBackend', { failed: EVERYBODY }),
]
