/**
 * Lets a scheduler decide when a piece of real code goes on. The code runs as it is, but stands still before each call
 * that others could see (Redis, backend, queue) until the scheduler makes that call for it.
 */
export interface Standstill {
  /** What the code stands before; null when it has ended. */
  at(): string | null
  /** Given to the code: stands still, then makes the call. */
  pass<T>(name: string, call: () => Promise<T>): Promise<T>
  /** Runs the code until it stands still for the first time, or ends. */
  start(code: () => Promise<void>): Promise<void>
  /** Makes the call and lets the code run until it stands still again or ends. */
  step(): Promise<void>
  /** Makes the call, and loses its answer: the code stands before the same call again. */
  stepWithoutAnswer(): Promise<void>
}

interface Standing {
  readonly name: string
  readonly call: () => Promise<unknown>
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

export function standstill(): Standstill {
  let standing: Standing | null = null
  let crash: { readonly error: unknown } | null = null
  let stopped = () => {}

  const untilItStops = (): Promise<void> =>
    new Promise((resolve) => {
      stopped = resolve
    })

  async function goOn(go: () => void): Promise<void> {
    const stop = untilItStops()
    go()
    await stop
    if (crash) throw crash.error
  }

  function here(): Standing {
    if (!standing) throw new Error('Nothing stands still here')
    return standing
  }

  return {
    at: () => standing?.name ?? null,
    pass: <T>(name: string, call: () => Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        standing = { name, call, resolve: (answer) => resolve(answer as T), reject }
        stopped()
      }),
    start: (code) =>
      goOn(() => {
        code()
          .catch((error: unknown) => {
            crash = { error }
          })
          .finally(() => stopped())
      }),
    async step() {
      const { call, resolve, reject } = here()
      const go = await call().then(
        (answer) => () => resolve(answer),
        (error: unknown) => () => reject(error),
      )
      standing = null
      await goOn(go)
    },
    async stepWithoutAnswer() {
      await here().call()
    },
  }
}
