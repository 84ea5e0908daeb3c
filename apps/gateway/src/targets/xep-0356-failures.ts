import { type Domain, printable, type TargetFailureCode } from '@rollcall/roster'
import type { Element } from '@xmpp/component'
import { inWords } from './socket-words.ts'
import { TargetError } from './target.ts'

/** Who connects to whom. */
export interface Place {
  readonly service: string
  readonly component: string
  readonly domain: Domain
}

/** What is wrong with a connection, from whatever @xmpp/component says: a stream error, one of the socket, a timeout. */
export function connectionFailure(error: unknown, place: Place): TargetError {
  if (isStreamError(error)) return streamFailure(error, place)
  if (!(error instanceof Error)) return new TargetError('target-unreachable', `${place.service} closed the connection`)
  if (error.name === 'TimeoutError') return silent(place, error)
  const code = codeOf(error)
  const why = code === undefined ? printable(error.message) : inWords(code)
  return new TargetError('target-unreachable', `The connection to ${place.service} failed: ${why}`, { cause: error })
}

export const silent = ({ service }: Place, cause?: unknown): TargetError =>
  new TargetError('target-timeout', `${service} does not answer`, { cause })

/** Conditions of stream errors (RFC 6120 §4.9.3) that say more than that the stream has ended. */
const STREAM_FAILURES: Readonly<Record<string, [TargetFailureCode, (place: Place) => string]>> = {
  'not-authorized': [
    'target-unauthorised',
    ({ component }) => `wants another secret of ${component}: it has to be the component_secret of the server`,
  ],
  'host-unknown': [
    'target-domain-unknown',
    ({ component }) => `has no component ${component}: Prosody needs a line Component "${component}"`,
  ],
  conflict: [
    'target-unreachable',
    ({ component }) => `has another connection of ${component}: two installations of Rollcall need two components`,
  ],
  'resource-constraint': ['target-overloaded', () => 'is full'],
  'policy-violation': ['target-overloaded', () => 'takes no more'],
}

interface StreamError extends Error {
  readonly condition: string
  readonly text?: string
}

const isStreamError = (error: unknown): error is StreamError =>
  error instanceof Error && error.name === 'StreamError' && 'condition' in error

function streamFailure(error: StreamError, place: Place): TargetError {
  const said = error.text ? `${error.condition}: ${printable(error.text)}` : error.condition
  const [code, what] = STREAM_FAILURES[error.condition] ?? ['target-unreachable', () => 'ended the stream']
  return new TargetError(code, `${place.service} ${what(place)} (${said})`, { cause: error })
}

/** ECONNREFUSED and the like. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** The condition of an answer of type error. RFC 6120 §8.3.3. */
export function conditionOf(answer: Element): string {
  const conditions = answer.getChild('error')?.getChildElements() ?? []
  return conditions.map((each) => each.getName()).find((name) => name !== 'text') ?? 'undefined-condition'
}

/** What an answer of type error means. `what` was refused, as in `The roster of john@example.org`. */
export function stanzaFailure(answer: Element, what: string, place: Place): TargetError {
  const condition = conditionOf(answer)
  const text = answer.getChild('error')?.getChildText('text')
  const said = text ? `${condition}: ${printable(text)}` : condition
  const { service, component, domain } = place
  switch (condition) {
    case 'forbidden':
    case 'not-authorized':
      return new TargetError(
        'target-not-granted',
        `${service} lets ${component} do nothing of the kind any more (${said})`,
      )
    case 'remote-server-not-found':
    case 'remote-server-timeout':
      return new TargetError('target-domain-unknown', `${service} does not serve ${domain} (${said})`)
    case 'service-unavailable':
      return new TargetError('target-user-unknown', `${what}: no such user (${said})`, { scope: 'user' })
    case 'resource-constraint':
    case 'policy-violation':
      return new TargetError('target-overloaded', `${what}: ${said}`, { scope: 'user', isTemporary: true })
    default: {
      const isTemporary = answer.getChild('error')?.attrs.type === 'wait'
      return new TargetError('target-refused', `${what}: ${said}`, { scope: 'user', isTemporary })
    }
  }
}
