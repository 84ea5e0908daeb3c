import { randomUUID } from 'node:crypto'
import { type Element, xml } from '@xmpp/component'
import type { TargetError } from './target.ts'

/** IQs on their way: each ends by its answer, by its signal, or with all others. */
export interface Questions {
  ask(to: string, type: 'get' | 'set', query: Element, signal: AbortSignal): Promise<Element>
  /** Takes the answer of one, and says whether it was one. */
  answer(stanza: Element): boolean
  failAll(why: TargetError): void
}

interface Question {
  readonly to: string
  readonly resolve: (answer: Element) => void
  readonly reject: (error: TargetError) => void
}

/** `unanswered` says what it means that nobody has answered one that was asked then, by performance.now(). */
export function questions(
  send: (stanza: Element) => void,
  unanswered: (to: string, askedAt: number, reason: unknown) => TargetError,
): Questions {
  const open = new Map<string, Question>()

  return {
    async ask(to, type, query, signal) {
      const id = randomUUID() // not to be guessed: anybody may send a component an answer
      const askedAt = performance.now()
      const onAbort = () => open.get(id)?.reject(unanswered(to, askedAt, signal.reason))
      try {
        return await new Promise<Element>((resolve, reject) => {
          open.set(id, { to, resolve, reject })
          signal.addEventListener('abort', onAbort, { once: true })
          if (signal.aborted) onAbort()
          else send(xml('iq', { type, to, id }, query))
        })
      } finally {
        open.delete(id)
        signal.removeEventListener('abort', onAbort)
      }
    },

    // Only who was asked can answer: the iq of a client has its full JID.
    answer(stanza) {
      const { id = '', from, type } = stanza.attrs
      const isAnswer = stanza.name === 'iq' && (type === 'result' || type === 'error')
      const question = isAnswer ? open.get(id) : undefined
      if (question === undefined || question.to !== from) return false
      question.resolve(stanza)
      return true
    },

    failAll(why) {
      for (const { reject } of open.values()) reject(why)
    },
  }
}
