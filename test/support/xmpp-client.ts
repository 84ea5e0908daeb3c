import { client, type Element, xml } from '@xmpp/client'
import { onTestFinished } from 'vitest'
import { itemsOf, ROSTER, type RosterItem } from '../../examples/xmpp-client/src/roster-item.ts'

export interface XmppClient {
  /** With its resource. */
  readonly jid: string
  /** Every roster push since it came online. */
  readonly pushes: readonly RosterPush[]
  /** Every presence it was sent, its own ones too. */
  readonly presences: readonly Presence[]
  /** As the server gives it to this client. */
  roster(): Promise<readonly RosterItem[]>
  /** Adds a contact, as its user may. */
  add(jid: string, item: { readonly name?: string; readonly groups?: readonly string[] }): Promise<void>
  /** Away, back, away again. */
  show(show: 'away' | 'dnd' | 'chat'): Promise<void>
  /** Without a goodbye, as when a telephone loses its network. */
  vanish(): void
  /** Logs out. */
  leave(): Promise<void>
}

export interface RosterPush extends RosterItem {
  /** When it came, by performance.now(). */
  readonly at: number
}

export interface Presence {
  readonly from: string
  readonly type: string
  readonly at: number
}

export interface Login {
  /** Where the server takes clients: `xmpp://127.0.0.1:5222`. */
  readonly service: string
  readonly domain: string
  readonly username: string
  readonly password: string
  readonly resource?: string
}

/** A client that has its roster and is available. Without TLS. Ends with the test. */
export async function onlineClient(login: Login): Promise<XmppClient> {
  const xmpp = client(login)
  xmpp.reconnect.stop()
  xmpp.on('error', () => {}) // when the server is killed
  onTestFinished(async () => void (await xmpp.stop()))

  const pushes: RosterPush[] = []
  const presences: Presence[] = []
  xmpp.iqCallee.set(ROSTER, 'query', ({ element }) => {
    const at = performance.now()
    pushes.push(...itemsOf(element).map((item) => ({ ...item, at })))
    return true
  })
  xmpp.on('stanza', ({ name, attrs }: Element) => {
    if (name !== 'presence') return
    presences.push({ from: attrs.from ?? '', type: attrs.type ?? 'available', at: performance.now() })
  })
  const roster = async () => itemsOf(await xmpp.iqCaller.get(xml('query', { xmlns: ROSTER })))

  const jid = String(await xmpp.start())
  await roster() // who has not asked is sent no pushes
  await xmpp.send(xml('presence', {}))

  return {
    jid,
    pushes,
    presences,
    roster,
    async add(contact, { name, groups = [] }) {
      const item = xml(
        'item',
        { jid: contact, ...(name !== undefined && { name }) },
        ...groups.map((group) => xml('group', {}, group)),
      )
      await xmpp.iqCaller.set(xml('query', { xmlns: ROSTER }, item))
    },
    show: (show) => xmpp.send(xml('presence', {}, xml('show', {}, show))),
    vanish: () => void xmpp.socket?.destroy(),
    leave: async () => void (await xmpp.stop()),
  }
}
