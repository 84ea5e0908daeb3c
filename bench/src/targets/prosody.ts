import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceOnce, repositoryRoot, startProsodyServer } from '@rollcall/tools'
import { component, type Element, xml } from '@xmpp/component'
import type { Launcher } from '../launch.ts'
import { DOMAIN } from '../rosters.ts'
import { type Item, jidOf } from './rosters.ts'
import type { DirectApi, XmppServer } from './server.ts'

const AT_A_TIME = 16
const SECRET = 'change-me'
const ROSTER = 'jabber:iq:roster'

/** Prosody as deploy/prosody configures it, but for one more component, which may do the same. */
export async function startProsody(launcher: Launcher): Promise<XmppServer> {
  const text = await readFile(join(repositoryRoot, 'deploy/prosody/xep-0356.cfg.lua'), 'utf8')
  const server = await startProsodyServer({
    directory: launcher.directory('prosody'),
    configuration: withOneMore(text.replaceAll('example.org', DOMAIN)),
  })
  launcher.atEnd(() => server.stop())
  const components = `xmpp://127.0.0.1:${server.ports.components}`
  return {
    target: { type: 'xep-0356', domain: DOMAIN, service: components, component: `rollcall.${DOMAIN}`, secret: SECRET },
    service: `xmpp://127.0.0.1:${server.ports.clients}`,
    pid: server.child.pid,
    addUsers: async (usernames) => {
      for (const username of usernames) await server.addUser({ username, domain: DOMAIN, password: username })
    },
    direct: await connectComponent(components, launcher),
  }
}

/** What mod_privilege lets our component do, another one may do as well. */
function withOneMore(text: string): string {
  const granted = 'privileged_entities = {'
  return `${replaceOnce(text, granted, `${granted}\n["direct.${DOMAIN}"] = { roster = "both" };`)}
Component "direct.${DOMAIN}"
    modules_enabled = { "privilege" }
    component_secret = "${SECRET}"
`
}

/** The least that can write rosters as a component: one IQ for each contact. */
async function connectComponent(service: string, launcher: Launcher): Promise<DirectApi> {
  const xmpp = component({ service, domain: `direct.${DOMAIN}`, password: SECRET })
  xmpp.reconnect.stop()
  const waiting = new Map<string, (answer: Element) => void>()
  let sent = 0
  const granted = new Promise<void>((resolve, reject) => {
    xmpp.on('stanza', (stanza: Element) => {
      if (stanza.name === 'iq') waiting.get(stanza.attrs.id ?? '')?.(stanza)
      else if (stanza.getChild('privilege', 'urn:xmpp:privilege:2')) resolve()
    })
    xmpp.on('error', reject)
  })
  await xmpp.connect(service)
  await xmpp.open({ domain: `direct.${DOMAIN}` })
  launcher.atEnd(async () => void xmpp.socket?.destroy())
  await granted
  xmpp.socket?.setNoDelay(true)

  const ask = async (username: string, type: 'get' | 'set', query: Element): Promise<Element> => {
    const id = `d${sent++}`
    const answer = await new Promise<Element>((resolve, reject) => {
      waiting.set(id, resolve)
      xmpp.send(xml('iq', { type, id, to: jidOf(username) }, query)).catch(reject)
    })
    waiting.delete(id)
    if (answer.attrs.type !== 'result') throw new Error(`Prosody answered ${answer}`)
    return answer
  }
  return {
    atATime: AT_A_TIME,
    async set(username, { jid, name, group }: Item) {
      const item = xml('item', { jid, name, subscription: 'both' }, xml('group', {}, group))
      await ask(username, 'set', xml('query', { xmlns: ROSTER }, item))
    },
    async contacts(username) {
      const answer = await ask(username, 'get', xml('query', { xmlns: ROSTER }))
      const items = answer.getChild('query', ROSTER)?.getChildren('item') ?? []
      return items.map(({ attrs }) => attrs.jid ?? '').sort()
    },
  }
}
