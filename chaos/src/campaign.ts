import { setTimeout as delay } from 'node:timers/promises'
import { checker as newChecker } from './checker.ts'
import type { Fault, Injection, Stage } from './faults/index.ts'
import { startLoad } from './load.ts'
import type { Progress } from './progress.ts'
import { type Random, random as randomOf } from './random.ts'
import { type FaultResult, inSeconds, type Result } from './result.ts'
import { type Scene, type Settings, startScene } from './scene.ts'
import { stored as storedIn } from './stored.ts'
import { troubles as newTroubles, type Trouble } from './troubles.ts'
import type { Violation } from './violations.ts'
import { recovery } from './well-again.ts'

export interface CampaignOptions {
  readonly seed: number
  /** Faults are injected for so long, and each of them at least once. */
  readonly seconds: number
  readonly faults: readonly Fault[]
  readonly users: number
  /** Besides: those who are read once, and never refreshed. */
  readonly newUsers: number
  readonly settings: Settings
  /** How long faults last, to how long they last in a long campaign. */
  readonly pace: number
  /** Whatever has not gone well by then never will. */
  readonly giveUpMs: number
  /** How much longer than on a machine at rest everything may take. */
  readonly patience: number
  /** Where the built apps are. */
  readonly root: string
  readonly progress: Progress
  readonly ended: AbortSignal
}

/** Added to the deadlines of answers, since a busy machine is slow. */
const GRACE_MS = 3000
const LOOK_MS = 100

/** Injects faults under load, and compares every answer and every stored roster with the truth. */
export async function campaign(options: CampaignOptions): Promise<Result> {
  const { seed, users, newUsers, settings, pace, patience, progress } = options
  const giveUpMs = options.giveUpMs * patience
  const began = performance.now()
  const now = (): number => performance.now() - began
  const random = randomOf(seed)
  const troubles = newTroubles()
  const checker = newChecker({ users: users + newUsers, ...settings, graceMs: GRACE_MS * patience, troubles })
  const onEnd = (what: string) => checker.violated('ended', now(), what)
  progress.say('starting Redis, the backend, two apis and two workers')
  const scene = await startScene({ ...options, onEnd })
  try {
    const stored = storedIn(scene.redis.client)
    const urls = scene.apis.map(({ url }) => url)
    const load = startLoad({
      urls,
      users,
      newUsers,
      backend: scene.backend,
      stored,
      checker,
      random: randomOf(seed + 1),
      now,
    })
    const stage: Stage = { scene, load, stored, checker, random, now, pace }
    const results: FaultResult[] = []
    await load.refresh(all(users))

    const { faults, leftOut } = await possible(options.faults)
    const until = now() + options.seconds * 1000
    for (const fault of schedule(faults, random, () => now() < until)) {
      if (options.ended.aborted) break
      const injection = fault.plan(stage)
      progress.injecting(injection.what, results.length + 1, { elapsed: now(), until, checker })
      results.push(await inject(fault, injection, stage, troubles.begin, { patience, giveUpMs }))
      await delay(random.between(200, 1000) * pace)
    }

    progress.say('no more faults; waiting until all is quiet')
    load.pause()
    load.waitUntil(now() + giveUpMs)
    await load.ended()
    await compareAll(stage, giveUpMs)
    return {
      seed,
      seconds: now() / 1000,
      answers: checker.answers(),
      usersTold: checker.usersTold(),
      ...load.counts,
      faults: results,
      leftOut,
      violations: await explained(checker.violations, scene),
    }
  } finally {
    await scene.stop()
  }
}

/** What this machine can do, and why not the rest. */
async function possible(wanted: readonly Fault[]): Promise<{ faults: Fault[]; leftOut: string[] }> {
  const faults: Fault[] = []
  const leftOut: string[] = []
  for (const fault of wanted) {
    const missing = await fault.missing?.()
    if (missing) leftOut.push(`${fault.name}: ${missing}`)
    else faults.push(fault)
  }
  if (faults.length === 0) throw new Error(`Nothing to inject: ${leftOut.join('; ')}`)
  return { faults, leftOut }
}

/** All of them in a random order, and again for as long as there is time. */
function* schedule(faults: readonly Fault[], random: Random, goOn: () => boolean): Generator<Fault> {
  yield* random.shuffled(faults)
  for (;;) {
    for (const fault of random.shuffled(faults)) {
      if (!goOn()) return
      yield fault
    }
  }
}

async function inject(
  fault: Fault,
  { what, excuses, run }: Injection,
  stage: Stage,
  begin: (fault: string, excuses: Trouble['excuses'], at: number) => Trouble,
  { patience, giveUpMs }: Pick<CampaignOptions, 'patience' | 'giveUpMs'>,
): Promise<FaultResult> {
  const { checker, now } = stage
  const trouble = begin(fault.name, excuses, now())
  await run()
  const recovered = await recovery(stage, giveUpMs)
  trouble.to = now()
  const { answeringMs, settledMs } = recovered
  if (!isWithin(answeringMs, fault.answersWithinMs * patience))
    checker.violated('slow', now(), `${what}: answers after ${inSeconds(answeringMs)}`)
  if (!isWithin(settledMs, fault.settlesWithinMs * patience))
    checker.violated('slow', now(), `${what}: all settled after ${inSeconds(settledMs)}`)
  return { fault: fault.name, what, trouble, ...recovered }
}

const isWithin = (ms: number | null, limitMs: number): boolean => ms !== null && ms <= limitMs

/** Nothing is asked for any longer. */
async function compareAll({ load, stored, checker, scene, now }: Stage, giveUpMs: number): Promise<void> {
  const givenUp = now() + giveUpMs
  while (now() < givenUp && ((await stored.open()).length > 0 || (await stored.accepting()).length > 0))
    await delay(LOOK_MS)
  if ((await stored.accepting()).length > 0) checker.violated('lost', now(), 'a refresh was never taken in to its end')
  const everybody = all(load.allUsers)
  const looking = checker.looking(everybody)
  const rows = await stored.look(everybody)
  checker.looked(looking, rows, now())
  checker.settled(rows, now())

  // Whose last refresh failed or was refused may be behind. Asked for again, nobody is.
  const users = all(load.users)
  const lastTry = now() + giveUpMs
  load.waitUntil(lastTry)
  let counts = await load.refresh(users, 0)
  while (counts?.updated !== users.length && now() < lastTry) {
    await delay(1000) // a breaker may be open still
    counts = await load.refresh(users, 0)
  }
  if (counts?.updated !== users.length)
    checker.violated(
      'truth',
      now(),
      `of ${users.length} users asked for in the end, ${counts?.updated ?? 0} were updated`,
    )
  checker.complete(await stored.look(users), await scene.backend.serials(users), now())
}

/** With what the backend gave for the user lately. */
async function explained(violations: readonly Violation[], { backend }: Scene): Promise<Violation[]> {
  const users = violations.slice(0, EXPLAINED).map(({ user }) => user ?? 0)
  const given = await backend.given(users)
  return violations.map((violation, i) => {
    const fetches = given[i]
    if (violation.user === undefined || !fetches) return violation
    const list = fetches.map(({ at, serial }) => `${serial} at ${new Date(at).toISOString().slice(11, 23)}`)
    return { ...violation, what: `${violation.what}; the backend gave serials ${list.join(', ') || 'none'}` }
  })
}

const EXPLAINED = 100

const all = (users: number): number[] => Array.from({ length: users }, (_, user) => user)
