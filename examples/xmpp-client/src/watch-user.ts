import { client, type Element, xml } from '@xmpp/client'
import { describePush, localpart } from './describe-push.ts'
import { itemsOf, ROSTER, type RosterItem } from './roster-item.ts'

export interface Login {
  /** Where the server takes clients: `xmpp://127.0.0.1:5222`. */
  readonly service: string
  readonly domain: string
  readonly username: string
  readonly password: string
}

/** Somebody online, whose client tells in plain words each roster push and each presence it gets, until `leave`. */
export interface WatchedUser {
  leave(): Promise<void>
}

/** Settles when he is online. Comes back by itself when the server was away. */
export async function watchUser(login: Login, say: (words: string) => void): Promise<WatchedUser> {
  const xmpp = client(login)
  const contacts = new Map<string, RosterItem>()
  /** Contacts who are not offline, and what they show. */
  const present = new Map<string, string>()
  let isOnline = false
  const showMyself = (to?: string) => void xmpp.send(xml('presence', { to })).catch(() => {}) // gone: said by `disconnect`

  xmpp.iqCallee.set(ROSTER, 'query', ({ element }) => {
    for (const item of itemsOf(element)) {
      say(describePush(contacts.get(item.jid), item))
      takePush(item)
    }
    return true
  })

  function takePush(item: RosterItem): void {
    if (item.subscription === 'remove') {
      contacts.delete(item.jid)
      present.delete(item.jid)
      return
    }
    const isNew = !contacts.has(item.jid)
    contacts.set(item.jid, item)
    // Prosody shows new contacts to each other at their next presence. Not everybody wants to wait for that.
    if (isNew) showMyself()
  }

  xmpp.on('stanza', (stanza: Element) => {
    if (stanza.name !== 'presence') return
    const { from = '', type } = stanza.attrs
    const jid = bare(from)
    if (!contacts.has(jid)) return // itself, say
    const before = present.get(jid)
    const now = type === undefined ? (stanza.getChildText('show') ?? 'online') : 'offline'
    if (now === (before ?? 'offline')) return
    say(`${localpart(jid)} is ${now}`)
    if (now === 'offline') return void present.delete(jid)
    present.set(jid, now)
    // To the one of two new contacts who showed himself before the other one knew him.
    if (before === undefined) showMyself(jid)
  })

  async function beginSession(): Promise<void> {
    const roster = itemsOf(await xmpp.iqCaller.get(xml('query', { xmlns: ROSTER }))) // who has not asked is sent no pushes
    contacts.clear()
    for (const item of roster) contacts.set(item.jid, item)
    isOnline = true
    say(`online, with ${roster.length} contacts`)
    showMyself()
  }

  xmpp.on('error', () => {}) // of a login it is thrown, of a connection `disconnect` comes as well
  xmpp.on('disconnect', () => {
    present.clear()
    if (isOnline) say('the connection is gone; trying again')
    isOnline = false
  })

  await xmpp.start()
  await beginSession()
  xmpp.on('online', () => void beginSession().catch(() => {})) // gone again meanwhile

  return {
    async leave() {
      isOnline = false
      await xmpp.stop()
    },
  }
}

const bare = (jid: string): string => jid.replace(/\/.*/s, '')
