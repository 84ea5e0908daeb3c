import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Telemetry } from 'bullmq'

/** Values of a span that can be looked for. Never a username: spans go to another system, and stay there. */
export type SpanFacts = Readonly<Record<string, string | number>>

/** A span while its work is done. */
export interface OpenSpan {
  note(facts: SpanFacts): void
  /** The work went wrong in a way that was foreseen. */
  fail(code: string): void
  /** What a request has to carry for whoever answers it to go on with the trace. */
  headers(): Readonly<Record<string, string>>
}

export interface SpanKindOf {
  /** `client`: a request to somebody else. */
  readonly kind: 'internal' | 'client'
  readonly facts?: SpanFacts
}

/** Traces of refreshes, from the notice to what is stored. It is not there unless somebody takes them. */
export interface Tracing {
  /** For BullMQ: spans of what is put into queues, and of jobs whose refresh is traced. */
  readonly telemetry: Telemetry
  /**
   * Does what answers a request in a span of its own, which ends with the answer and goes on with the trace of its
   * `traceparent`. `route` is for people: with `:username`, not with a name.
   */
  serve<T>(request: IncomingMessage, response: ServerResponse, route: string, work: () => T): T
  /** Does work in a span, within the one that is open here; where none is, only the work. */
  span<T>(name: string, what: SpanKindOf, work: (span: OpenSpan) => Promise<T>): Promise<T>
  /** Adds to the span that is open here. */
  note(facts: SpanFacts): void
  /** Puts jobs of so many users into a queue: within the trace that is open here while it takes in so many more. */
  enqueue<T>(users: number, add: () => T): T
  /** Sends what has not been sent, within `FLUSH_MS`; never rejects. */
  flush(): Promise<void>
}
