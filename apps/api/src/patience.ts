import type { ServerResponse } from 'node:http'

/** How long somebody waits for an answer. */
export interface Patience {
  /** Resolves at the deadline, when the caller has hung up, or when this process must end. */
  readonly over: Promise<void>
  /** Call it when the answer is known. */
  end(): void
}

export type Waiting = ReturnType<typeof waitingRoom>

/** Everybody who waits for an answer of this process. */
export function waitingRoom() {
  const leave = new Set<() => void>()
  let closed = false
  return {
    /** The patience of whoever waits for a response. */
    enter(response: ServerResponse, deadlineMs: number): Patience {
      let giveUp = () => {}
      const over = new Promise<void>((resolve) => {
        giveUp = resolve
      })
      const gone = closed || response.closed // a close that has happened is not told again
      const timer = setTimeout(giveUp, gone ? 0 : deadlineMs)
      response.once('close', giveUp)
      leave.add(giveUp)
      return {
        over,
        end() {
          clearTimeout(timer)
          response.off('close', giveUp)
          leave.delete(giveUp)
        },
      }
    },
    /** Everybody is to be answered now with what is known. */
    close(): void {
      closed = true
      for (const giveUp of leave) giveUp()
    },
    size: () => leave.size,
  }
}
