export { startTracing, type TracingOptions } from './start-tracing.ts'
export type { OpenSpan, SpanFacts, Tracing } from './tracing.ts'
