import { setTimeout as delay } from 'node:timers/promises'
import type { Stage } from './faults/index.ts'

const LOOK_MS = 50

/**
 * After a fault: every api refreshes a user, and everybody who had been asked for when it was over has settled. False
 * when that does not come.
 */
export async function untilWell(stage: Stage, giveUpMs: number): Promise<boolean> {
  const givenUp = stage.now() + giveUpMs
  const goOn = () => stage.now() < givenUp
  const refreshes = stage.scene.apis.map((_, api) => untilRefreshed(api, stage, goOn))
  return (await Promise.all([...refreshes, untilSettled(stage, goOn)])).every((well) => well)
}

async function untilRefreshed(api: number, { load, random }: Stage, goOn: () => boolean): Promise<boolean> {
  while (goOn()) {
    const counts = await load.refresh([random.below(load.users)], api)
    if (counts?.updated === 1) return true
    await delay(LOOK_MS)
  }
  return false
}

async function untilSettled({ stored }: Stage, goOn: () => boolean): Promise<boolean> {
  const users = await stored.open()
  const asked = new Map((await stored.look(users)).map(({ wanted }, i) => [users[i] ?? 0, wanted]))
  while (goOn()) {
    const open = [...asked.keys()]
    const rows = await stored.look(open)
    rows.forEach(({ wanted, fetched, failed }, i) => {
      const user = open[i] ?? 0
      const goal = Math.min(asked.get(user) ?? 0, wanted) // or Redis has lost its data meanwhile
      if (Math.max(fetched, failed) >= goal) asked.delete(user)
    })
    if (asked.size === 0) return true
    await delay(LOOK_MS)
  }
  return false
}
