import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as a collector gets it. */
export interface CollectedSpan {
  readonly service: string
  readonly traceId: string
  readonly spanId: string
  /** Undefined: the trace begins here. */
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer'
  readonly facts: Readonly<Record<string, string | number>>
  readonly isError: boolean
}

export type OtlpCollector = Awaited<ReturnType<typeof startOtlpCollector>>

/** Takes traces by OTLP over HTTP, as JSON. */
export async function startOtlpCollector() {
  const spans: CollectedSpan[] = []
  const texts: string[] = []
  const strangers: string[] = []
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const text = Buffer.concat(parts).toString()
    if (`${request.method} ${request.url}` !== 'POST /v1/traces') strangers.push(`${request.method} ${request.url}`)
    texts.push(text)
    spans.push(...spansOf(JSON.parse(text) as Export))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: spans as readonly CollectedSpan[],
    /** Every body that came. */
    texts: texts as readonly string[],
    /** Requests that a collector does not know. */
    strangers: strangers as readonly string[],
    forget(): void {
      spans.length = 0
      texts.length = 0
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A trace as a tree, one line for each span, indented below its parent; brothers by name. Spans whose parent is elsewhere come first. */
export function drawTrace(spans: readonly CollectedSpan[]): string[] {
  const known = new Set(spans.map(({ spanId }) => spanId))
  const below = (parent: string | undefined, depth: number): string[] =>
    spans
      .filter(({ parentSpanId }) =>
        parent === undefined ? parentSpanId === undefined || !known.has(parentSpanId) : parentSpanId === parent,
      )
      .sort((a, b) => a.name.localeCompare(b.name))
      .flatMap(({ name, kind, spanId }) => [`${'  '.repeat(depth)}${kind} ${name}`, ...below(spanId, depth + 1)])
  return below(undefined, 0)
}

/** Those of the protocol that are looked at. */
interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly traceId: string
        readonly spanId: string
        readonly parentSpanId?: string
        readonly name: string
        readonly kind: number
        readonly attributes: readonly Attribute[]
        readonly status: { readonly code?: number }
      }[]
    }[]
  }[]
}

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string }
}

const KINDS = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const
const ERROR = 2

const spansOf = ({ resourceSpans }: Export): CollectedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap(({ spans }) => spans)
      .map(({ traceId, spanId, parentSpanId, name, kind, attributes, status }) => ({
        service: String(factsOf(resource.attributes)['service.name']),
        traceId,
        spanId,
        parentSpanId: parentSpanId || undefined,
        name,
        kind: KINDS[kind] ?? 'internal',
        facts: factsOf(attributes),
        isError: status.code === ERROR,
      })),
  )

const factsOf = (attributes: readonly Attribute[]): Record<string, string | number> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]))
