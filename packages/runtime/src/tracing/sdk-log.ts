import type { DiagLogger } from '@opentelemetry/api'
import type { Log } from '../log/index.ts'

const TOLD_AGAIN_MS = 60_000
const LONGEST_REASON = 300

/** What OpenTelemetry says of itself: of a collector that is away, each batch anew. One line now and then says as much. */
export function sdkLog(log: Log): DiagLogger {
  let told = Number.NEGATIVE_INFINITY
  const tell = (...said: unknown[]): void => {
    const now = performance.now()
    if (now - told < TOLD_AGAIN_MS) return
    told = now
    log.warn(
      { reason: said.map(String).join(' ').slice(0, LONGEST_REASON) },
      'Traces have trouble; nothing waits for them',
    )
  }
  return { error: tell, warn: tell, info: () => {}, debug: () => {}, verbose: () => {} }
}
