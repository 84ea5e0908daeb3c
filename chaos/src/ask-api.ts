import { RefreshProgress, RefreshSummary, Refusal } from '@rollcall/roster'
import type { Counts, ReadAnswer, RefreshAnswer } from './checker.ts'
import { serialIn, userNamed, usernameOf } from './rosters.ts'

/** Longer than any deadline: who waits so long was forgotten. */
const FORGOTTEN_MS = 60_000

export type Accepted = RefreshAnswer & {
  /** Where to ask how it went on, when users were pending. */
  readonly location?: string
}

export async function askToRefresh(url: string, users: readonly number[]): Promise<Accepted> {
  const body = JSON.stringify(users.map(usernameOf))
  const answer = await ask(`${url}/roster_admin/refresh`, { method: 'POST', body })
  if (answer.kind !== 'http') return answer
  const { status, text, headers } = answer
  const counts = status === 200 || status === 202 || status === 500 ? summaryIn(text) : null
  if (counts) {
    const location = headers.get('location')
    if ((status === 202) !== counts.pending > 0 || (status === 202) !== (location !== null)) return nonsense(answer)
    return { kind: 'counts', counts, ...(location && { location }) }
  }
  if (status === 503 && Refusal.safeParse(json(text)).success && headers.has('retry-after'))
    return { kind: 'refused', what: `503 ${text.slice(0, 200)}` }
  return nonsense(answer)
}

export async function askForRoster(url: string, user: number): Promise<ReadAnswer> {
  const answer = await ask(`${url}/contacts/${usernameOf(user)}`)
  if (answer.kind !== 'http') return answer
  const { status, text } = answer
  if (status === 200) return { kind: 'roster', serial: text === '{}' ? 0 : serialIn(user, text) }
  if (status === 503 || status === 504) return { kind: 'refused', what: `${status} ${text.slice(0, 200)}` }
  return nonsense(answer)
}

/** How a refresh has gone on; `unknown`: nobody knows it any more. */
export async function askForProgress(url: string, location: string): Promise<Counts | 'unknown' | 'again'> {
  const answer = await ask(url + location)
  if (answer.kind !== 'http') return 'again'
  if (answer.status === 404) return 'unknown'
  const progress = RefreshProgress.safeParse(json(answer.text))
  return progress.success ? countsOf(progress.data) : 'again'
}

interface HttpAnswer {
  readonly kind: 'http'
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

async function ask(
  url: string,
  init?: RequestInit,
): Promise<HttpAnswer | { readonly kind: 'broken' | 'late'; readonly what: string }> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(FORGOTTEN_MS) })
    return { kind: 'http', status: response.status, headers: response.headers, text: await response.text() }
  } catch (error) {
    const { name, message, cause } = error as Error & { readonly cause?: { readonly code?: string } }
    if (name === 'TimeoutError') return { kind: 'late', what: `no answer within ${FORGOTTEN_MS} ms` }
    return { kind: 'broken', what: cause?.code ?? message }
  }
}

const nonsense = ({ status, text }: HttpAnswer) =>
  ({ kind: 'broken', what: `${status} ${text.slice(0, 200)}` }) as const

function summaryIn(text: string): Counts | null {
  const summary = RefreshSummary.safeParse(json(text))
  return summary.success ? countsOf({ pending: 0, ...summary.data }) : null
}

const countsOf = ({
  updated,
  errors,
  pending,
  failures,
}: Pick<RefreshProgress, 'updated' | 'errors' | 'pending' | 'failures'>): Counts => ({
  updated,
  errors,
  pending,
  failures: failures.map(({ username, code }) => ({ user: userNamed(username), code })),
})

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
