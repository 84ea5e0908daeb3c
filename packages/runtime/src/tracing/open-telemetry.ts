import type { IncomingMessage, ServerResponse } from 'node:http'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import {
  context,
  DiagLogLevel,
  diag,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import type { Log } from '../log/index.ts'
import { queueTelemetry } from './queue-telemetry.ts'
import { sdkLog } from './sdk-log.ts'
import { mayTrace, withRoomForUsers } from './traced-users.ts'
import type { OpenSpan, Tracing } from './tracing.ts'

/** A collector that hangs keeps no process from ending for longer. */
const FLUSH_MS = 2_000

/**
 * OpenTelemetry, for this whole process: spans are sent in batches, beside the work. What a collector does not take is
 * kept for a while, within bounds, and dropped then.
 */
export function openTelemetry({ name, version, log }: { name: string; version: string; log: Log }): Tracing {
  diag.setLogger(sdkLog(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  const own = resourceFromAttributes({
    'service.name': `rollcall-${name}`,
    'service.version': version,
    'service.instance.id': `${hostname()}-${process.pid}`,
  })
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(own)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  // Not baggage: what a caller sends would be stored with each job, and go on to the backend.
  provider.register({ propagator: new W3CTraceContextPropagator() })
  const tracer = provider.getTracer('rollcall', version)

  return {
    telemetry: queueTelemetry(tracer),

    serve(request, response, route, work) {
      const caller = propagation.extract(ROOT_CONTEXT, request.headers)
      const span = tracer.startSpan(`${request.method} ${route}`, { kind: SpanKind.SERVER }, caller)
      if (!span.isRecording()) return work()
      span.setAttributes({ 'http.request.method': request.method ?? '', 'http.route': route })
      response.once('close', () => endWith(response, span))
      return context.with(withRoomForUsers(trace.setSpan(caller, span)), work)
    },

    async span(spanName, { kind, facts = {} }, work) {
      // One that has ended is left over: timers and sockets that were made in a job belong to it for ever.
      if (trace.getActiveSpan()?.isRecording() !== true) return work(UNSEEN)
      const span = tracer.startSpan(spanName, { kind: KINDS[kind], attributes: facts })
      try {
        return await context.with(trace.setSpan(context.active(), span), () => work(opened(span)))
      } catch (error) {
        fail(span, error instanceof Error ? error.name : 'unknown')
        throw error
      } finally {
        span.end()
      }
    },

    note: (facts) => void trace.getActiveSpan()?.setAttributes(facts),

    enqueue: (users, add) => (mayTrace(context.active(), users) ? add() : context.with(ROOT_CONTEXT, add)),

    async flush() {
      const flushed = provider.forceFlush().catch(() => {}) // told of by then
      await Promise.race([flushed, delay(FLUSH_MS, undefined, { ref: false })])
    },
  }
}

const KINDS = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT } as const

const UNSEEN: OpenSpan = { note: () => {}, fail: () => {}, headers: () => ({}) }

const opened = (span: Span): OpenSpan => ({
  note: (facts) => void span.setAttributes(facts),
  fail: (code) => fail(span, code),
  headers() {
    const headers: Record<string, string> = {}
    propagation.inject(trace.setSpan(ROOT_CONTEXT, span), headers)
    return headers
  },
})

/** Without a message: those of failures name users and contacts. */
function fail(span: Span, code: string): void {
  span.setAttribute('error.type', code)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

function endWith({ statusCode, writableFinished }: ServerResponse<IncomingMessage>, span: Span): void {
  if (!writableFinished) fail(span, 'connection-closed')
  else span.setAttribute('http.response.status_code', statusCode)
  if (writableFinished && statusCode >= 500) fail(span, String(statusCode))
  span.end()
}
