/**
 * Signals for attempts: each ends by a TimeoutError after so many ms, or with all of them. Made by hand, since Node 20 takes
 * the AbortSignal.timeout() within an AbortSignal.any() for garbage, and then it never fires (nodejs/node#57736).
 */
export function attemptSignals(timeoutMs: number) {
  const open = new Map<AbortController, NodeJS.Timeout>()
  let reason: unknown

  return {
    next(): AbortSignal {
      if (reason !== undefined) return AbortSignal.abort(reason)
      const controller = new AbortController()
      const expire = (): void => {
        open.delete(controller)
        controller.abort(new DOMException(`The attempt took longer than ${timeoutMs} ms`, 'TimeoutError'))
      }
      open.set(controller, setTimeout(expire, timeoutMs).unref())
      return controller.signal
    },

    /** Ends all of them, and those to come. */
    end(): void {
      reason = new DOMException('Rollcall ends', 'AbortError')
      for (const [controller, timer] of open) {
        clearTimeout(timer)
        controller.abort(reason)
      }
      open.clear()
    },
  }
}
