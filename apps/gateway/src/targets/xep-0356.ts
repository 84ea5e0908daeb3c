import { printable, type User } from '@rollcall/roster'
import type { TargetConfig } from '@rollcall/runtime'
import { type Element, xml } from '@xmpp/component'
import { nodeprepFault } from './nodeprep.ts'
import { type RosterTarget, type TargetDeps, TargetError } from './target.ts'
import { type ComponentConnection, connectComponent } from './xep-0356-connection.ts'
import { conditionOf, stanzaFailure } from './xep-0356-failures.ts'
import { rosterGrant } from './xep-0356-grant.ts'
import { contactOf, itemQuery, ROSTER, readRoster, removalQuery } from './xep-0356-items.ts'
import { watchLogins } from './xep-0356-logins.ts'

/**
 * Prosody with mod_privilege: Rollcall is a component (XEP-0114) that reads and writes rosters as their users would
 * (XEP-0356), so that whoever is online gets a roster push. One connection, made by `check` alone.
 */
export function xep0356(config: TargetConfig<'xep-0356'>, { log, onLogin }: TargetDeps): RosterTarget {
  const closing = new AbortController()
  let connection: ComponentConnection | undefined
  let connecting: Promise<void> | undefined
  let hasToldUnreadable = false

  async function connect(signal: AbortSignal): Promise<void> {
    let fresh: ComponentConnection | undefined
    const grant = rosterGrant(config, (why) => fresh?.end(why))
    const logins = onLogin && watchLogins(config.domain, onLogin)
    const onStanza = (stanza: Element) => {
      grant.look(stanza)
      logins?.look(stanza)
    }
    fresh = await connectComponent({ ...config, onStanza }, signal)
    try {
      await grant.given(fresh, signal)
    } catch (error) {
      await fresh.close()
      throw error
    }
    connection = fresh
    logins?.start()
  }

  async function ask(user: User, type: 'get' | 'set', query: Element, signal: AbortSignal): Promise<Element> {
    if (connection === undefined) throw new TargetError('target-unreachable', `Not connected to ${config.service}`)
    const fault = nodeprepFault(user.jid)
    if (fault !== undefined)
      throw new TargetError('target-refused', `${printable(user.jid)}: ${fault}`, { scope: 'user' })
    return connection.ask(user.jid, type, query, signal)
  }

  function failed(answer: Element, what: string): TargetError {
    const failure = stanzaFailure(answer, what, config)
    if (failure.scope === 'target') connection?.end(failure) // so that `check` looks again
    return failure
  }

  function tellUnreadable(user: User, jid: string): void {
    if (hasToldUnreadable) return
    hasToldUnreadable = true
    log.warn(
      { target: config.name, user: user.jid, contact: printable(jid) },
      'A contact on the server has no valid JID: it is left alone, as others of the kind will be',
    )
  }

  return {
    kind: 'roster',
    removalTouchesContact: false,

    async check(signal) {
      if (connection?.gone.aborted === false) return
      connecting ??= connect(AbortSignal.any([signal, closing.signal])).finally(() => {
        connecting = undefined
      })
      await connecting
    },

    async get(user, signal) {
      const what = `The roster of ${printable(user.jid)}`
      const answer = await ask(user, 'get', xml('query', { xmlns: ROSTER }), signal)
      if (isError(answer)) throw failed(answer, what)
      const query = answer.getChild('query', ROSTER)
      if (query === undefined) throw new TargetError('target-answer-invalid', `${what}: none came`, { scope: 'user' })
      return readRoster(query, (jid) => tellUnreadable(user, jid))
    },

    async put(user, contact, signal) {
      const answer = await ask(user, 'set', itemQuery(user, contact), signal)
      if (isError(answer)) throw failed(answer, contactOf(user, contact.jid))
    },

    async remove(user, contact, signal) {
      const answer = await ask(user, 'set', removalQuery(contact), signal)
      if (isError(answer) && conditionOf(answer) !== 'item-not-found') throw failed(answer, contactOf(user, contact))
    },

    async close() {
      closing.abort(new Error('The target is closed'))
      await connecting?.catch(() => {})
      await connection?.close()
    },
  }
}

const isError = (answer: Element): boolean => answer.attrs.type === 'error'
