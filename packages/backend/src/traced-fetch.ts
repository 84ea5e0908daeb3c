import type { User } from '@rollcall/roster'
import type { OpenSpan, Tracing } from '@rollcall/runtime'
import type { BackendAnswer, Source } from './read-answer.ts'

type Fetch<More extends unknown[] = []> = (user: User, stored: Source, ...more: More) => Promise<BackendAnswer>

/** A span of each request to a backend, which goes on with the trace when it reads `traceparent`. No URL: users are in it. */
export const tracedFetch =
  (fetch: Fetch<[OpenSpan]>, tracing: Tracing): Fetch =>
  (user, stored) =>
    tracing.span('GET roster', { kind: 'client', facts: factsOf(user) }, async (span) => {
      const answer = await fetch(user, stored, span)
      span.note({ 'rollcall.answer': answer.kind })
      if (answer.kind === 'failed') span.fail(answer.code)
      return answer
    })

const factsOf = ({ domain }: User) => ({ 'http.request.method': 'GET', 'rollcall.domain': domain })
