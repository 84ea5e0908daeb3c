import { setTimeout as delay } from 'node:timers/promises'
import type { Stage } from './faults/index.ts'

const LOOK_MS = 50

/** How long it took; null: it did not come. */
export interface Recovery {
  /** Until every api had refreshed a user. */
  readonly answeringMs: number | null
  /** Until everybody who had been asked for when the fault was over had settled. */
  readonly settledMs: number | null
}

/** Begins when a fault is over. */
export async function recovery(stage: Stage, giveUpMs: number): Promise<Recovery> {
  const began = stage.now()
  const goOn = () => stage.now() < began + giveUpMs
  const timed = async (well: Promise<boolean>) => ((await well) ? stage.now() - began : null)
  const refreshes = Promise.all(stage.scene.apis.map((_, api) => untilRefreshed(api, stage, goOn)))
  const [answeringMs, settledMs] = await Promise.all([
    timed(refreshes.then((all) => all.every((well) => well))),
    timed(untilSettled(stage, goOn)),
  ])
  return { answeringMs, settledMs }
}

async function untilRefreshed(api: number, { load }: Stage, goOn: () => boolean): Promise<boolean> {
  while (goOn()) {
    const counts = await load.refresh([load.random.below(load.users)], api)
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
