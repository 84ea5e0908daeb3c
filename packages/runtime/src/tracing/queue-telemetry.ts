import {
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { SpanKind, type Telemetry } from 'bullmq'
import { BullMQOTelSpan, BullMQOtel } from 'bullmq-otel'

type QueueSpan = ReturnType<Telemetry<Context>['tracer']['startSpan']>

/**
 * bullmq-otel, without what nobody asked for: BullMQ makes spans of its timers and of each step of a job, and of jobs
 * whose refresh is not traced. What is left are the spans of putting jobs into the queue and of doing them, within a trace.
 * The trace travels with the job; further attempts of it stand beside the first.
 */
export function queueTelemetry(tracer: Tracer): Telemetry<Context> {
  const { contextManager } = new BullMQOtel()
  return {
    tracer: {
      startSpan(name, options, parent) {
        const kind = options?.kind
        const isJob = kind === SpanKind.CONSUMER
        if (!isJob && kind !== SpanKind.PRODUCER) return UNSEEN_STEP
        // A job belongs to what came with it alone, wherever the loop that took it was started.
        const within = isJob ? parent : (parent ?? context.active())
        if (within === undefined || !isTraced(within)) return UNSEEN_JOB
        return seen(tracer.startSpan(name, { kind }, within))
      },
    },
    contextManager: {
      with: (within, work) => contextManager.with(within, work),
      active: () => contextManager.active(),
      root: () => ROOT_CONTEXT,
      // Nothing is stored with a job that is not traced.
      getMetadata: (within: Context) => (isTraced(within) ? contextManager.getMetadata(within) : ''),
      fromMetadata: (_active: Context, metadata) => contextManager.fromMetadata(ROOT_CONTEXT, metadata),
    },
  }
}

function isTraced(within: Context): boolean {
  const span = trace.getSpanContext(within)
  return span !== undefined && isSpanContextValid(span) && (span.traceFlags & TraceFlags.SAMPLED) !== 0
}

/** Without the messages of failures, which name users and contacts. */
function seen(span: ReturnType<Tracer['startSpan']>): QueueSpan {
  const whole = new BullMQOTelSpan(span)
  return {
    setSpanOnContext: (within: Context) => whole.setSpanOnContext(within),
    setAttribute: (key, value) => whole.setAttribute(key, value),
    setAttributes: (attributes) => whole.setAttributes(attributes),
    addEvent(name) {
      if (name === 'job failed') span.setStatus({ code: SpanStatusCode.ERROR })
    },
    recordException: () => void span.setStatus({ code: SpanStatusCode.ERROR }),
    end: () => whole.end(),
  }
}

const unseen = (setSpanOnContext: QueueSpan['setSpanOnContext']): QueueSpan => ({
  setSpanOnContext,
  setAttribute: () => {},
  setAttributes: () => {},
  addEvent: () => {},
  recordException: () => {},
  end: () => {},
})

/** What is done in it is within the span around it. */
const UNSEEN_STEP = unseen((within: Context) => within)
/** What is done in it is in no trace. */
const UNSEEN_JOB = unseen(() => ROOT_CONTEXT)
