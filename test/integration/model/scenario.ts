import * as fc from 'fast-check'

/** One thing that happens. A command that makes no sense where it stands does nothing, so that any list may be shortened. */
export type Command =
  | { readonly do: 'change'; readonly user: number }
  /** The application changes rosters (or not) and asks a replica to refresh them, which is done in steps or at once. */
  | {
      readonly do: 'ask'
      readonly users: number
      readonly replica: number
      readonly changed: boolean
      readonly atOnce: boolean
    }
  /** An api call goes on by one step. */
  | { readonly do: 'api'; readonly call: number }
  | { readonly do: 'crash-api' | 'lose-enqueue' | 'resend-request'; readonly call: number }
  /** A worker takes a job, or goes on by one step; `pick` says which job, or what the backend answers. */
  | { readonly do: 'work'; readonly worker: number; readonly pick: number }
  /** Its lock is lost while it goes on; another worker may have the job at once. */
  | { readonly do: 'freeze'; readonly worker: number; readonly overtaken: boolean }
  | { readonly do: 'crash' | 'resend'; readonly worker: number }
  /** Jobs without a lock wait again; delayed jobs wait again; users in `open`, users in `failed` are queued again. */
  | { readonly do: 'stall-check' | 'wake' | 'sweep' | 'repair' }
  /** Rosters of these users are dropped, since nobody has used them. */
  | { readonly do: 'forget'; readonly users: number }
  /** Somebody cancels a request; that goes on by a step; the api that does it crashes. */
  | { readonly do: 'cancel' | 'go-on-cancel' | 'crash-cancel'; readonly call: number }
  /** Somebody dismisses all failures. */
  | { readonly do: 'dismiss' }
  /** Those who are handed out for a repair never come to the queue. */
  | { readonly do: 'lose-repair' }
  | { readonly do: 'deliver' | 'lose-message' | 'look'; readonly replica: number }
  /** Redis loses its data. */
  | { readonly do: 'flush' }

export type Doing<Kind extends Command['do']> = Extract<Command, { do: Kind }>

export interface Scenario {
  readonly users: number
  readonly commands: readonly Command[]
  /** At the end, without further faults, this user's fetches still kill their workers; null: nobody's do. */
  readonly poisoned: number | null
  /** Workers that lost their lock never come back; else they go on at the end. */
  readonly frozenForEver: boolean
}

/** What the scheduler leaves out. */
export interface Rules {
  /** Somebody looks for users whose job was lost. */
  readonly sweep: boolean
  /** Apis crash and enqueues are lost: what only the sweep and the next repair mend. */
  readonly lostJobs: boolean
  /** Redis loses its data. */
  readonly dataLoss: boolean
}

export const WORKERS = 3
export const REPLICAS = 2

/** What a backend answers: 0 to 4 the roster, sometimes with an ETag. */
export const PICK = { fails: 5, failsForGood: 6, asksForPause: 7, gone: 8 } as const

type Weighted = fc.WeightedArbitrary<Command>

const worker = fc.nat(2 * WORKERS - 1)
const replica = fc.nat(REPLICAS - 1)
const call = fc.nat(3)

/** A cancellation has up to four steps. */
const GO_ON_CANCEL = ['go-on-cancel', 'go-on-cancel', 'go-on-cancel', 'go-on-cancel'] as const

const one = <Do extends string>(kind: Do) => fc.constant(kind)

/** Each scenario has some of them, so that each is often alone and often with each other. */
const FAULTS: readonly Weighted[] = [
  { weight: 16, arbitrary: fc.record({ do: one('freeze'), worker, overtaken: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ do: one('crash'), worker }) },
  { weight: 6, arbitrary: fc.record({ do: one('resend'), worker }) },
  { weight: 4, arbitrary: fc.record({ do: one('lose-message'), replica }) },
  { weight: 6, arbitrary: fc.record({ do: one('crash-api'), call }) },
  { weight: 12, arbitrary: fc.record({ do: one('lose-enqueue'), call }) },
  { weight: 4, arbitrary: fc.record({ do: one('resend-request'), call }) },
  { weight: 4, arbitrary: fc.record({ do: one('flush') }) },
  { weight: 4, arbitrary: fc.record({ do: one('lose-repair') }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'crash-cancel' as const), call }) },
  work(fc.constant(PICK.fails)),
  work(fc.constant(PICK.failsForGood)),
  work(fc.constant(PICK.asksForPause)),
  work(fc.constant(PICK.gone)),
]

function work(pick: fc.Arbitrary<number>): Weighted {
  return { weight: 22, arbitrary: fc.record({ do: one('work'), worker, pick }) }
}

const usual = (users: number, asks: number): Weighted[] => [
  {
    weight: asks,
    arbitrary: fc.record({
      do: one('ask'),
      users: fc.integer({ min: 1, max: 2 ** users - 1 }),
      replica,
      changed: fc.boolean(),
      atOnce: fc.constantFrom(true, true, false),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: one('change'), user: fc.nat(users - 1) }) },
  { weight: 2 * asks, arbitrary: fc.record({ do: one('api'), call }) },
  work(fc.nat(4)),
  { weight: 5, arbitrary: fc.record({ do: one('stall-check') }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('wake' as const, 'sweep' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('repair' as const, 'repair' as const, 'dismiss' as const) }),
  },
  { weight: 4, arbitrary: fc.record({ do: one('forget'), users: fc.integer({ min: 1, max: 2 ** users - 1 }) }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, ...GO_ON_CANCEL), call }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('deliver' as const, 'look' as const), replica }) },
]

/** How much that goes wrong begins; what becomes of it is left to chance. */
function beginnings(users: number): fc.Arbitrary<Command[]> {
  const ask = { do: 'ask', users: 2 ** users - 1, replica: 0, changed: true, atOnce: true } as const
  const steps = { ...ask, replica: 1, atOnce: false }
  const go = { do: 'work', worker: 0, pick: 0 } as const
  const other = { ...go, worker: 1 }
  const api = { do: 'api', call: 0 } as const
  const pause = [go, go, { ...go, pick: PICK.asksForPause }, go, go, { do: 'wake' }] as const
  const fails = [go, go, { ...go, pick: PICK.failsForGood }, go, go] as const
  const fetched = [go, go, go, go, go] as const
  const gone = [go, go, { ...go, pick: PICK.gone }] as const
  const forget = { do: 'forget', users: 2 ** users - 1 } as const
  const cancel = { do: 'cancel', call: 0 } as const
  const goOnCancel = { do: 'go-on-cancel', call: 0 } as const
  const overtaken = { do: 'freeze', worker: 0, overtaken: true } as const
  return fc.constantFrom<Command[]>(
    [],
    // Two workers have the same user; who begins first is open, or the one without the lock began last or first.
    [ask, go, overtaken],
    [ask, go, overtaken, other, go],
    [ask, go, go, overtaken, other],
    [ask, go, go, overtaken, other, other],
    // A request comes while a fetch runs, and its job is lost.
    [ask, go, go, steps, api, api, { do: 'lose-enqueue', call: 0 }],
    // A backend asks to be left alone, again and again.
    [ask, ...pause, ...pause, ...pause],
    // A fetch fails for good, and its user is asked for again, or repaired, or both.
    [ask, ...fails, { do: 'repair' }],
    [ask, ...fails, { do: 'lose-repair' }],
    [ask, ...fails, { do: 'repair' }, go, go, steps, api, api],
    [ask, ...fails, { do: 'dismiss' }, steps, api, api],
    // A request is cancelled while its users wait, are fetched, or are asked for again.
    [ask, cancel, goOnCancel, steps, api, api, goOnCancel, goOnCancel],
    [ask, cancel, goOnCancel, steps, api, api, api, goOnCancel, goOnCancel, goOnCancel],
    [ask, go, go, cancel, goOnCancel, goOnCancel, go, go, go],
    [ask, steps, api, api, api, { ...cancel, call: 1 }, goOnCancel, goOnCancel],
    // Rosters are stored; then they are dropped while a repair has compared them, or before they are fetched again.
    [ask, ...fetched, { ...ask, changed: false }, ...fails, { do: 'repair' }, go, go, forget, go, go],
    [ask, ...fetched, forget, ask, ...fetched],
    // A user is gone, for a worker that others overtake or that has lost its job.
    [ask, ...fetched, ask, ...gone, overtaken],
    [ask, ...fetched, ask, ...gone, ask, ...fetched],
    [ask, ...fetched, forget, ask, ...gone, ask, ...gone],
    [ask, ...fetched, ask, go, overtaken, other, go, { ...other, pick: PICK.gone }, go, go, other],
    // Redis loses its data when a backend has answered.
    [ask, go, go, go, { do: 'flush' }, ask],
  )
}

export const scenario: fc.Arbitrary<Scenario> = fc.noBias(
  fc
    .record({
      users: fc.constantFrom(1, 2, 3),
      // Few requests leave a user alone who was forgotten; many meet each other.
      asks: fc.constantFrom(3, 10),
      maxLength: fc.constantFrom(15, 60, 130),
      faults: fc.subarray([...FAULTS], { maxLength: 4 }),
    })
    .chain(({ users, asks, maxLength, faults }) =>
      fc.record({
        users: fc.constant(users),
        commands: fc
          .tuple(beginnings(users), fc.array(fc.oneof(...usual(users, asks), ...faults), { maxLength, size: 'max' }))
          .map((parts) => parts.flat()),
        poisoned: fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(users - 1) }),
        frozenForEver: fc.boolean(),
      }),
    ),
)
