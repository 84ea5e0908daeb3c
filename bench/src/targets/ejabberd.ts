import { type EjabberdHttpApi, startDeployedEjabberd } from '@rollcall/tools'
import { Pool } from 'undici'
import type { Launcher } from '../launch.ts'
import { DOMAIN } from '../rosters.ts'
import { splitOf } from './rosters.ts'
import type { DirectApi, XmppServer } from './server.ts'

const CONNECTIONS = 8

/** ejabberd as deploy/ejabberd configures it. */
export async function startEjabberd(launcher: Launcher): Promise<XmppServer> {
  const server = await startDeployedEjabberd({ directory: launcher.directory('ejabberd'), domains: [DOMAIN] })
  launcher.atEnd(() => server.kill())
  return {
    target: { type: 'ejabberd-http', domain: DOMAIN, url: server.url, headers: server.headers },
    service: server.service,
    pid: server.pid(),
    addUsers: async (usernames) => {
      for (const username of usernames) await server.register(username, DOMAIN, username)
    },
    direct: await direct(server, launcher),
  }
}

/** The least that can write rosters by mod_http_api: one request for each contact. */
async function direct({ url, headers }: EjabberdHttpApi, launcher: Launcher): Promise<DirectApi> {
  const { origin, pathname } = new URL(url)
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 })
  launcher.atEnd(() => pool.destroy())
  const call = async (command: string, args: object): Promise<{ status: number; text: string }> => {
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: `${pathname}/${command}`,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(args),
    })
    return { status: statusCode, text: await body.text() }
  }
  const succeeding = async (command: string, args: object): Promise<string> => {
    const { status, text } = await call(command, args)
    if (status !== 200) throw new Error(`ejabberd answered ${command} with ${status}: ${text}`)
    return text
  }
  const adding = (localuser: string, jid: string, nick: string, groups: object) => ({
    localuser,
    localhost: DOMAIN,
    ...splitOf(jid),
    nick,
    subs: 'both',
    ...groups,
  })
  // Until 24.01 a text, later a list; whichever it is, the other one is refused.
  const trial = await call('add_rosteritem', adding('nobody', `nobody@${DOMAIN}`, '', { group: '' }))
  const groupsOf = (group: string): object => (trial.status === 400 ? { groups: [group] } : { group })
  return {
    atATime: CONNECTIONS,
    async set(username, { jid, name, group }) {
      const text = await succeeding('add_rosteritem', adding(username, jid, name, groupsOf(group)))
      if (text !== '0') throw new Error(`ejabberd did not carry out add_rosteritem: ${text}`)
    },
    async contacts(username) {
      const items = JSON.parse(await succeeding('get_roster', { user: username, host: DOMAIN })) as { jid: string }[]
      return items.map(({ jid }) => jid).sort()
    },
  }
}
