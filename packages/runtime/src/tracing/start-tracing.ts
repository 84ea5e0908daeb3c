import type { Log } from '../log/index.ts'
import type { Tracing } from './tracing.ts'

export interface TracingOptions {
  /** Of this process, after `rollcall-`, unless OTEL_SERVICE_NAME says otherwise. */
  readonly name: string
  readonly version: string
  /** Of the process: OpenTelemetry reads the rest of its variables there by itself. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
}

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT'

/** Switched on by `OTEL_EXPORTER_OTLP_ENDPOINT` alone: without it nothing of the SDK is even loaded. */
export async function startTracing({ name, version, env, log }: TracingOptions): Promise<Tracing | undefined> {
  const endpoint = env[ENDPOINT]?.trim()
  if (endpoint === undefined || endpoint === '') return undefined
  if (!isHttpUrl(endpoint)) {
    log.warn(`${ENDPOINT} is not a URL such as http://127.0.0.1:4318: no traces are sent`)
    return undefined
  }
  const { openTelemetry } = await import('./open-telemetry.ts')
  log.info({ endpoint: new URL(endpoint).origin }, 'Sending traces')
  return openTelemetry({ name, version, log })
}

const isHttpUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
