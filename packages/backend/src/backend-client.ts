import type { Domain, UrlTemplate, User } from '@rollcall/roster'
import type { OpenSpan, Tracing } from '@rollcall/runtime'
import { Axios, type AxiosResponse } from 'axios'
import { failed, transferFailure, unreadable } from './failures.ts'
import { type BackendAnswer, type ReadingRules, readAnswer, type Source } from './read-answer.ts'
import { type RequestHeaders, requestHeaders } from './request-headers.ts'
import { concealer } from './secrets.ts'
import { sourceMarks } from './source-marks.ts'
import { takeTurns } from './take-turns.ts'
import { tracedFetch } from './traced-fetch.ts'
import { type UndiciAdapter, undiciAdapter } from './undici-adapter.ts'

export type { BackendFailure, Retry } from './failures.ts'
export type { BackendAnswer, Source } from './read-answer.ts'

/** What this needs of the configuration of one domain. */
export interface BackendConfig {
  readonly domain: Domain
  readonly rosterUrl: UrlTemplate
  readonly headers: RequestHeaders
  /** From the call to the last byte. */
  readonly backendTimeoutMs: number
  /** Of the body, decompressed. */
  readonly maxRosterBytes: number
  readonly maxContacts: number
  /** What a 404 or 410 means. */
  readonly unknownUser: 'error' | 'empty'
}

export interface BackendClientOptions {
  readonly domains: ReadonlyMap<Domain, BackendConfig>
  /** Of Rollcall, for `User-Agent`. */
  readonly version: string
  /** To one origin at most. As many as fetches run at a time, or they wait for each other on their own deadlines. */
  readonly connections?: number
  /** Use the proxy that the environment names. */
  readonly useEnvProxy?: boolean
  /** The longest pause that a `Retry-After` can ask for. */
  readonly retryAfterMaxMs?: number
  readonly tracing?: Tracing | undefined
}

/** Decompressed; a larger one keeps the process busy for milliseconds. */
const LARGE_BODY_BYTES = 256 * 1024

export type BackendClient = ReturnType<typeof backendClient>

/** Fetches rosters from the backends. Throws at once for configured headers that no request can carry. */
export function backendClient(options: BackendClientOptions) {
  const { adapterWith, close } = undiciAdapter({
    connections: options.connections ?? 100,
    connectTimeoutMs: Math.max(1, ...Array.from(options.domains.values(), (config) => config.backendTimeoutMs)),
    useEnvProxy: options.useEnvProxy ?? false,
  })
  const inTurn = takeTurns()
  const backends = new Map<Domain, Backend>()
  for (const [domain, config] of options.domains) backends.set(domain, backendOf(config, adapterWith, options))

  /**
   * One GET of the user's roster; conditional when the stored copy came from the same URL and had an ETag. Whatever a backend does is an answer.
   * Rejects only for what we are the cause of (closed, for one).
   */
  async function fetchRoster(user: User, stored: Source, span?: OpenSpan): Promise<BackendAnswer> {
    const backend = backends.get(user.domain)
    if (backend === undefined) return failed('domain-unknown', `No backend is configured for ${user.domain}`)
    const source = backend.marks.own(stored)
    const headers = headersOf(source, span)
    let response: AxiosResponse<Buffer>
    try {
      response = await backend.http.request<Buffer>({
        url: backend.rosterUrl.urlFor(user),
        ...(headers && { headers }),
        timeout: backend.timeoutMs,
        maxContentLength: backend.maxBytes,
      })
    } catch (error) {
      return transferFailure(error, backend.conceal)
    }
    span?.note({ 'http.response.status_code': response.status })
    if (response.data.length <= LARGE_BODY_BYTES) return read(response, source, backend)
    return inTurn(() => read(response, source, backend))
  }

  return {
    fetchRoster: options.tracing ? tracedFetch(fetchRoster, options.tracing) : fetchRoster,
    /** Cuts off what is still running: those calls reject. */
    close,
  }
}

/** Those of this request alone; undefined: none. */
function headersOf({ etag }: Source, span?: OpenSpan): RequestHeaders | undefined {
  const conditional = etag === undefined ? undefined : { 'if-none-match': etag }
  return span ? { ...conditional, ...span.headers() } : conditional
}

function read({ status, headers, data }: AxiosResponse<Buffer>, source: Source, backend: Backend): BackendAnswer {
  try {
    const answer = readAnswer({ status, headers, body: data }, source, backend)
    return 'source' in answer ? { ...answer, source: backend.marks.marked(answer.source) } : answer
  } catch (error) {
    return unreadable(error, backend.conceal)
  }
}

interface Backend extends ReadingRules {
  readonly rosterUrl: UrlTemplate
  readonly marks: ReturnType<typeof sourceMarks>
  readonly http: Axios
  readonly timeoutMs: number
  readonly maxBytes: number
}

function backendOf(
  config: BackendConfig,
  adapterWith: UndiciAdapter['adapterWith'],
  { version, retryAfterMaxMs = 60_000 }: BackendClientOptions,
): Backend {
  const adapter = adapterWith(requestHeaders(config.domain, config.headers, version))
  return {
    rosterUrl: config.rosterUrl,
    marks: sourceMarks(config.rosterUrl.source, config.headers),
    // Not axios.create(): its defaults, merged into every request, cost as much as the request itself.
    http: new Axios({ adapter, responseType: 'arraybuffer', validateStatus: null }),
    timeoutMs: config.backendTimeoutMs,
    maxBytes: config.maxRosterBytes,
    maxContacts: config.maxContacts,
    unknownUser: config.unknownUser,
    retryAfterMaxMs,
    conceal: concealer(config.headers, config.rosterUrl),
  }
}
