import { setTimeout as delay } from 'node:timers/promises'
import type { Scene } from '../scene.ts'
import type { Cut } from '../tcp-proxy.ts'
import type { Excuses } from '../troubles.ts'
import { EVERYBODY, type Fault, only, type Stage } from './fault.ts'

/** Who sits behind the cables. */
const BEHIND = 1

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
      const how = stage.random.shuffled<Cut>(['silent', 'reset', stage.random.pick<Cut>(['silent', 'reset'])])
      const proxy = stage.scene.cables[cable]
      return {
        what: `${about} (${how.join(', ')})`,
        excuses,
        async run() {
          for (const one of how) {
            await before(stage)
            proxy.cut(one)
            await delay(2500 * stage.pace)
            proxy.mend()
            await delay(500 * stage.pace)
          }
        },
      }
    },
  }
}

/** Both ways together, it is the time in which the cable has to be cut: also a machine that is slow is faster. */
const LAG_MS = 300
const LOOK_MS = 5
const WITHIN_MS = 15_000

/** The worst moment: Redis knows that somebody is asked for, and the api has not put him into the queue yet. */
async function betweenRequestAndJob({ load, random, scene, stored, now }: Stage): Promise<void> {
  scene.cables.apiToRedis.lag(LAG_MS)
  const seen = async (): Promise<void> => {
    await delay(random.between(0, 1000))
    const giveUp = now() + WITHIN_MS
    while (!(await stored.openWithoutJob()).some(load.isNew) && now() < giveUp) await delay(LOOK_MS)
  }
  await load.readNew(BEHIND, seen())
}

const NOT_SERVED: Excuses = { refused: only(BEHIND), unread: only(BEHIND) }

export const NETWORK_FAULTS: readonly Fault[] = [
  cutCable('cut-worker-redis', 'a worker cannot reach Redis', 'workerToRedis', {}),
  cutCable('cut-api-redis', 'an api cannot reach Redis', 'apiToRedis', NOT_SERVED, betweenRequestAndJob),
  cutCable('cut-worker-backend', 'a worker cannot reach the backend', 'workerToBackend', { failed: EVERYBODY }),
]
