import { ApiError } from './api-error.ts'

export const API = '/ops/api'

/** An answer that is not there by then will not come: the api gives up on Redis much sooner. */
const ANSWER_WITHIN_MS = 20_000

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Undefined and empty ones are left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>
  /** Sent as JSON. */
  readonly body?: unknown
  readonly signal?: AbortSignal
  readonly withinMs?: number
}

/**
 * Asks the api for `/ops/api<path>`; the path is encoded already (`pathOf`). What it answers has the form that
 * packages/roster gives it there: the page and the api are of one build. Throws ApiError.
 */
export async function fetchJson<Answer>(path: string, call: Call = {}): Promise<Answer> {
  const response = await send(path, call)
  const answer = await readJson(response)
  if (!response.ok) throw refusalOf(response, answer)
  return answer as Answer
}

/** `pathOf('users', jid, 'drop')`: `/users/john%40example.org/drop`. */
export const pathOf = (...parts: readonly (string | number)[]): string =>
  parts.map((part) => `/${encodeURIComponent(part)}`).join('')

/** `?prefix=jo&domain=…`; empty when nothing is asked for. */
export function queryOf(query: Call['query'] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}

async function send(path: string, { method = 'GET', query, body, signal, withinMs }: Call): Promise<Response> {
  const late = AbortSignal.timeout(withinMs ?? ANSWER_WITHIN_MS)
  try {
    return await fetch(`${API}${path}${queryOf(query)}`, {
      method,
      headers: { accept: 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }) },
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  } catch (cause) {
    if (signal?.aborted) throw cause // whoever asked does not want to know any more
    const what = late.aborted ? 'The api has not answered in time' : 'The api does not answer'
    throw new ApiError(
      0,
      what,
      `${what}: it may be starting again, or the network between is down. This page keeps trying.`,
      { cause },
    )
  }
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text()
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    if (!response.ok) return undefined // of a proxy in front
    const detail = `The api, or a proxy in front of it, answered something that is not JSON to ${response.url}.`
    throw new ApiError(response.status, 'Not understood', detail, { cause })
  }
}

/** From problem+json (RFC 9457) when it is there. */
function refusalOf({ status, statusText }: Response, answer: unknown): ApiError {
  const { title, detail } = (typeof answer === 'object' && answer !== null ? answer : {}) as Record<string, unknown>
  const name = typeof title === 'string' ? title : statusText || `Status ${status}`
  return new ApiError(
    status,
    name,
    typeof detail === 'string' ? detail : `The api answered ${status} ${statusText}`.trim(),
  )
}
