import type { BackendAnswer } from '@rollcall/backend'
import { type BackendFailure, failed } from '@rollcall/backend'
import type { Domain, User } from '@rollcall/roster'
import type { BrokenBackend, Log } from '@rollcall/runtime'
import { ConsecutiveBreaker, circuitBreaker, ExponentialBackoff, handleAll } from 'cockatiel'
import { witnesses } from './witnesses.ts'

export interface BreakerOptions {
  readonly domain: Domain
  /** In a row, after which the backend is looked at. */
  readonly failures: number
  /** Before a broken backend is looked at again; doubles, up to the longest. */
  readonly pauseMs: number
  readonly maxPauseMs: number
  /** A place for a probe among the requests to the backend, and how to leave it. Undefined: there is none at present. */
  place(): Promise<(() => void) | undefined>
  /** Asks for a user's roster; nobody keeps what comes. */
  ask(user: User): Promise<BackendAnswer>
  /** The backend works again. */
  onClosed(domain: Domain): void
  readonly log: Log
}

/**
 * Spares everybody the wait for a backend that does not work: while it is broken, every fetch fails at once.
 *
 * Users whose roster hangs or fails are no sign of that, however many they are, while others are answered. So what counts
 * is a row of fetches that failed or take long, all begun after the last one that was answered; and then a probe decides,
 * for a user who was answered before if there is one. Probes tell as well when the backend works again; no user's fetch
 * does.
 */
export function breaker({ domain, failures, pauseMs, maxPauseMs, place, ask, onClosed, log }: BreakerOptions) {
  const circuit = circuitBreaker(handleAll.orWhenResult(isOutage), {
    breaker: new ConsecutiveBreaker(1), // only probes go through it
    halfOpenAfter: new ExponentialBackoff({ initialDelay: pauseMs, maxDelay: maxPauseMs }),
  })
  const users = witnesses()
  let broken: BrokenBackend | undefined
  let begun = 0
  let lastAnswered = 0
  let row = 0
  let looking = false
  let timer: NodeJS.Timeout | undefined

  circuit.onBreak((failure) => {
    const reason = 'value' in failure ? (failure.value as BackendFailure).message : 'It could not be asked'
    if (broken) return log.info({ domain, reason }, 'The backend of a domain still does not work')
    broken = { domain, since: new Date().toISOString(), reason }
    log.error({ domain, reason }, 'The backend of a domain does not work: its users fail at once until it does')
    timer = setInterval(look, pauseMs)
  })
  circuit.onHalfOpen(() => log.info({ domain }, 'Looking whether the backend of a domain works again'))
  circuit.onReset(() => {
    clearInterval(timer)
    log.info({ domain, since: broken?.since }, 'The backend of a domain works again')
    broken = undefined
    row = 0
    onClosed(domain)
  })

  function look(): void {
    if (looking) return
    looking = true
    probe()
      .catch(() => {}) // it is not time yet, or the probe failed, which the circuit tells
      .finally(() => {
        looking = false
      })
  }

  async function probe(): Promise<void> {
    const user = (!broken && users.known()) || users.inTurn()
    const leave = user && (await place())
    if (!leave) return
    try {
      await circuit.execute(() => answerTo(user))
      row = 0
    } finally {
      leave()
    }
  }

  /** Undefined: it is no matter, since a fetch that was begun later has been answered. */
  async function answerTo(user: User): Promise<BackendAnswer | undefined> {
    const turn = ++begun
    const answer = await ask(user)
    return turn < lastAnswered ? undefined : answer
  }

  function suspect(user: User, turn: number): void {
    if (turn <= lastAnswered || ++row < failures) return
    users.notAnswered(user)
    look()
  }

  function count(answer: BackendAnswer, user: User, turn: number): void {
    if (isOutage(answer)) return suspect(user, turn)
    lastAnswered = Math.max(lastAnswered, turn)
    row = 0
    if (answer.kind !== 'failed') users.answered(user)
  }

  return {
    /** Set while every fetch fails at once. */
    broken: (): BrokenBackend | undefined => broken,

    /** A fetch that is not made while the backend is broken; `slow` says that it takes long. */
    watch(user: User, fetch: () => Promise<BackendAnswer>) {
      let turn = 0
      return {
        async run(): Promise<BackendAnswer> {
          if (broken) return refusal(broken, user)
          turn = ++begun
          const answer = await fetch()
          count(answer, user, turn)
          return answer
        },
        slow: () => suspect(user, turn),
      }
    },

    stop: () => clearInterval(timer),
  }

  function refusal({ since, reason }: BrokenBackend, user: User): BackendFailure {
    users.notAnswered(user)
    return failed('breaker-open', `The backend is not asked since ${since}. ${reason}`)
  }
}

const isOutage = (answer: unknown): boolean => (answer as Partial<BackendFailure> | undefined)?.outage === true
