import type { Domain } from '@rollcall/roster'
import { type Element, xml } from '@xmpp/component'
import { TargetError } from './target.ts'
import type { ComponentConnection } from './xep-0356-connection.ts'
import { conditionOf, type Place } from './xep-0356-failures.ts'

/** What a server says a component may do with the rosters of a domain: `both` is what it takes. XEP-0356 §4. */
export interface RosterGrant {
  /** Told of each stanza. */
  look(stanza: Element): void
  /** Until it may read and write. Rejects with a TargetError. */
  given(connection: ComponentConnection, signal: AbortSignal): Promise<void>
}

const NAMESPACES = ['urn:xmpp:privilege:2', 'urn:xmpp:privilege:1']

/** A server says it at once, when it says it at all; half of an attempt is left to find out why it did not. */
const GRANT_MS = 3_000

/** `onLost`: it was given, and is taken back. */
export function rosterGrant(
  place: Place & { readonly timeoutMs: number },
  onLost: (why: TargetError) => void,
): RosterGrant {
  let access: string | undefined
  let onAccess: () => void = () => {}

  return {
    look(stanza) {
      const granted = accessIn(stanza, place.domain)
      if (granted === undefined) return
      const isLost = access === 'both' && granted !== 'both'
      access = granted
      if (isLost) onLost(notGranted(place, access))
      onAccess()
    },

    async given(connection, signal) {
      if (access === undefined) await saidWithin(Math.min(GRANT_MS, place.timeoutMs / 2), [signal, connection.gone])
      if (connection.gone.aborted) throw connection.gone.reason
      if (access === 'both') return
      const isElsewhere = access === undefined && !(await isServed(place, connection, signal))
      throw isElsewhere ? notServed(place) : notGranted(place, access)
    },
  }

  /** Until something is granted, or there is nothing to wait for any more. */
  function saidWithin(ms: number, ends: readonly AbortSignal[]): Promise<void> {
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timeout)
        for (const end of ends) end.removeEventListener('abort', settle)
        resolve()
      }
      const timeout = setTimeout(settle, ms)
      onAccess = settle
      for (const end of ends) end.addEventListener('abort', settle)
      if (ends.some(({ aborted }) => aborted)) settle()
    })
  }
}

/** The access to rosters that a stanza grants for the domain; undefined when it is no grant of it. */
function accessIn(stanza: Element, domain: Domain): string | undefined {
  if (stanza.name !== 'message' || stanza.attrs.from !== domain) return undefined
  const privilege = NAMESPACES.map((xmlns) => stanza.getChild('privilege', xmlns)).find((each) => each !== undefined)
  if (privilege === undefined) return undefined
  return privilege.getChildren('perm').find(({ attrs }) => attrs.access === 'roster')?.attrs.type ?? 'none'
}

/** Whether the server knows the domain: asked what it can do, it would else say that it is somewhere else. */
async function isServed(place: Place, connection: ComponentConnection, signal: AbortSignal): Promise<boolean> {
  const query = xml('query', { xmlns: 'http://jabber.org/protocol/disco#info' })
  const answer = await connection.ask(place.domain, 'get', query, signal).catch(() => undefined)
  if (answer?.attrs.type !== 'error') return true
  return !['remote-server-not-found', 'remote-server-timeout', 'not-allowed'].includes(conditionOf(answer))
}

function notGranted({ service, component, domain }: Place, access: string | undefined): TargetError {
  const has = access === undefined || access === 'none' ? 'no roster access' : `only roster access "${access}"`
  return new TargetError(
    'target-not-granted',
    `${service} gives ${component} ${has} for ${domain}: under VirtualHost "${domain}", Prosody needs the module "privilege" ` +
      `and privileged_entities = { ["${component}"] = { roster = "both" } }; and "privilege" under Component "${component}"`,
  )
}

const notServed = ({ service, domain }: Place): TargetError =>
  new TargetError(
    'target-domain-unknown',
    `${service} does not serve ${domain}: Prosody needs a VirtualHost "${domain}"`,
  )
