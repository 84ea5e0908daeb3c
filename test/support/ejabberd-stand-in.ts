import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Command {
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
}

/** What goes out; undefined: nothing, ever. */
export type Reply =
  | { readonly status: number; readonly text: string; readonly headers?: Readonly<Record<string, string>> }
  | undefined

type Behaviour = (command: Command) => Reply | 'as usual'

/**
 * Answers commands as mod_http_api of ejabberd 24.12 does, which cannot be brought here (its mod_http_api.erl and
 * mod_admin_extra.erl), for the domain `localhost`; everybody but `nobody` has an account. Ends with the test.
 */
export async function ejabberdStandIn() {
  const commands: Command[] = []
  const rosters = new Map<string, Map<string, Item>>()
  let apiVersion: 0 | 1 = 1
  let behaviour: Behaviour = () => 'as usual'
  let connections = 0
  const server = createServer((request, response) => void answer(request, response))
  server.on('connection', () => {
    connections += 1
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const name = /^\/api\/(\w+)$/.exec(request.url ?? '')?.[1] ?? ''
    const command = { name, args: JSON.parse(Buffer.concat(parts).toString()) as Command['args'] }
    commands.push(command)
    const given = behaviour(command)
    const reply = given === 'as usual' ? inJson(run(command)) : given
    if (reply === undefined) return
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers }).end(reply.text)
  }

  function run({ name, args }: Command): Result {
    const groups = apiVersion === 0 ? 'group' : 'groups'
    const contact = ['localuser', 'localhost', 'user', 'host']
    switch (name) {
      case 'registered_vhosts':
        return [200, ['localhost']]
      case 'check_account':
        return withArguments(args, ['user', 'host']) ?? [200, args.user === '@' || args.user === 'nobody' ? 1 : 0]
      case 'get_roster': {
        const wrong = withArguments(args, ['user', 'host'])
        if (wrong) return wrong
        if (args.user === '@') return [400, "Invalid 'user'/'server'"]
        return [200, [...(rosters.get(String(args.user))?.values() ?? [])]]
      }
      case 'add_rosteritem': {
        const wrong = withArguments(
          args,
          [...contact, 'nick', groups, 'subs'],
          groups === 'groups' ? groups : undefined,
        )
        if (wrong) return wrong
        if (args.localuser === '@') return [400, "Invalid 'localuser'/'localserver'"]
        rosterOf(args).set(jidIn(args), {
          jid: jidIn(args),
          nick: String(args.nick),
          subscription: String(args.subs),
          pending: 'undefined',
          groups: Array.isArray(args.groups) ? args.groups : String(args.group).split(';').filter(Boolean),
        })
        return [200, 0]
      }
      case 'delete_rosteritem': {
        const wrong = withArguments(args, contact)
        if (wrong) return wrong
        if (args.localuser === '@') return [400, "Invalid 'localuser'/'localserver'"]
        rosterOf(args).delete(jidIn(args))
        return [200, 0]
      }
      default:
        return [404, { status: 'error', code: 44, message: 'Command not found.' }]
    }
  }

  function rosterOf({ localuser }: Command['args']): Map<string, Item> {
    const roster = rosters.get(String(localuser)) ?? new Map<string, Item>()
    rosters.set(String(localuser), roster)
    return roster
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`,
    commands,
    /** Taken so far. */
    connections: () => connections,
    /** Takes the arguments of another API version from now on. */
    become(version: 0 | 1): void {
      apiVersion = version
    },
    /** From now on. */
    reply(as: Behaviour): void {
      behaviour = as
    },
  }
}

type Result = readonly [status: number, json: unknown]

const inJson = ([status, json]: Result): Reply => ({ status, text: JSON.stringify(json) })

interface Item {
  readonly jid: string
  readonly nick: string
  readonly subscription: string
  readonly pending: string
  readonly groups: readonly string[]
}

const jidIn = ({ user, host }: Command['args']): string => (user === '' ? String(host) : `${user}@${host}`)

/** A list that is missing is empty. */
function withArguments(args: Command['args'], names: readonly string[], list?: string): Result | undefined {
  const missing = names.find((name) => !(name in args) && name !== list)
  if (missing) return [400, `Request have missing argument: ${missing}`]
  const unknown = Object.keys(args).filter((name) => !names.includes(name))
  if (unknown.length > 0) return [400, `Request have unknown arguments: [${unknown}]`]
  return undefined
}
