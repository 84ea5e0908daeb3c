import { client, type Element, xml } from '@xmpp/client'
import type { Launcher } from '../launch.ts'
import { DOMAIN } from '../rosters.ts'

export interface OnlineClient {
  readonly username: string
  /** Roster pushes since it came online. */
  pushes(): number
  /** When the next push of this contact came, by performance.now(). */
  pushOf(jid: string): Promise<number>
}

const ROSTER = 'jabber:iq:roster'
/** A push that has not come by then will not. */
const PUSHED_MS = 30_000

/** Somebody who is online and has his roster. */
export async function onlineClient(service: string, username: string, launcher: Launcher): Promise<OnlineClient> {
  const xmpp = client({ service, domain: DOMAIN, username, password: username })
  xmpp.reconnect.stop()
  xmpp.on('error', () => {}) // at the end the server goes first
  launcher.atEnd(async () => void xmpp.socket?.destroy())
  const waiting = new Map<string, (at: number) => void>()
  let pushes = 0
  xmpp.iqCallee.set(ROSTER, 'query', ({ element }: { readonly element: Element }) => {
    const at = performance.now()
    for (const { attrs } of element.getChildren('item')) {
      pushes++
      waiting.get(attrs.jid ?? '')?.(at)
    }
    return true
  })
  await xmpp.start()
  await xmpp.iqCaller.get(xml('query', { xmlns: ROSTER })) // who has not asked is sent no pushes
  await xmpp.send(xml('presence', {}))
  return {
    username,
    pushes: () => pushes,
    pushOf: (jid) =>
      new Promise((resolve, reject) => {
        const tooLate = setTimeout(
          () => reject(new Error(`${username} got no push of ${jid} within ${PUSHED_MS} ms`)),
          PUSHED_MS,
        )
        waiting.set(jid, (at) => {
          clearTimeout(tooLate)
          waiting.delete(jid)
          resolve(at)
        })
      }),
  }
}
