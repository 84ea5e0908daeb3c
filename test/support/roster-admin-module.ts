import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { listenInTest } from './listen-in-test.ts'

export interface RosterAdminModuleOptions {
  /** `http_roster_url`: one `%s`. */
  readonly rosterUrl: string
  readonly domain?: string
  readonly host?: string
  readonly port?: number
}

export interface RosterPush {
  readonly jid: string
  readonly subscription: 'both' | 'remove'
  readonly name?: string
  readonly groups: readonly string[]
}

/** A user online. */
export interface ModuleSession {
  readonly pushes: RosterPush[]
  contacts(): string[]
  /** The stream to the client is still there. */
  isOpen(): boolean
}

export type RosterAdminModule = Awaited<ReturnType<typeof startRosterAdminModule>>

interface Friend {
  readonly name?: string
  readonly groups?: unknown
}

interface Session {
  readonly username: string
  readonly roster: Map<string, Friend>
  readonly pushes: RosterPush[]
}

/**
 * Stands for Prosody 0.12 with mod_http_roster_admin, and does what that was seen to do, its ways of not answering included:
 * each is a test in `roster-admin-module.test.ts`. It really fetches, and keeps the rosters of who is online. Ends with the test.
 */
export async function startRosterAdminModule(options: RosterAdminModuleOptions) {
  const { rosterUrl, domain = 'example.org', host = '127.0.0.1', port = 0 } = options
  const sessions = new Map<string, Session>()
  const refreshes: unknown[] = []
  let frozen = false

  const server = createServer(async (incoming, response) => {
    const body = await bodyOf(incoming)
    if (frozen) return
    // The virtual host is found by it.
    if (incoming.headers.host?.replace(/:\d+$/, '') !== domain) return html(response, 404)
    const single = /^\/roster_admin\/refresh\/(.+)$/.exec(incoming.url ?? '')?.[1]
    if (incoming.method === 'GET' && single !== undefined) return refreshOne(decodeURIComponent(single), response)
    if (incoming.method === 'POST' && incoming.url === '/roster_admin/refresh') return refreshAll(body, response)
    html(response, 404)
  })

  function refreshAll(body: string, response: ServerResponse): void {
    let users: unknown
    try {
      users = JSON.parse(body)
    } catch {
      return html(response, 500)
    }
    refreshes.push(users)
    if (typeof users !== 'object' || users === null) return html(response, 500)
    if (!Array.isArray(users)) return // an object has no members for it
    let updated = 0
    let errors = 0
    for (const username of users) {
      // All at once. Never called for a fetch that breaks, and the answer waits for all: with none, for ever.
      refresh(String(username), (isFetched) => {
        if (isFetched) updated += 1
        else errors += 1
        if (updated + errors === users.length)
          json(response, { status: 'ok', message: 'roster update complete', updated, errors })
      })
    }
  }

  function refreshOne(username: string, response: ServerResponse): void {
    refresh(username, (isFetched) =>
      json(response, { status: isFetched ? 'ok' : 'error', message: 'roster update complete' }),
    )
  }

  function refresh(username: string, done: (isFetched: boolean) => void): void {
    const session = sessions.get(username)
    if (session === undefined) return done(true)
    fetchRoster(rosterUrl, username)
      .then(
        ({ status, text }) => {
          if (status !== 200) return done(false)
          compare(session, JSON.parse(text))
          done(true)
        },
        () => {}, // not reached: only logged
      )
      .catch(() => {}) // an error of Lua: only logged
  }

  async function login(username: string): Promise<ModuleSession> {
    const session: Session = { username, roster: new Map(), pushes: [] }
    sessions.set(username, session)
    const { status, text } = await fetchRoster(rosterUrl, username)
    if (status === 200) for (const [jid, friend] of friendsOf(text)) session.roster.set(jid, friend)
    else sessions.delete(username) // the stream is closed
    return {
      pushes: session.pushes,
      contacts: () => [...session.roster.keys()].sort(),
      isOpen: () => sessions.get(username) === session,
    }
  }

  const { url, close } = await listenInTest(server, host, port)

  return {
    url,
    /** The bodies of all POSTs so far. */
    refreshes,
    /** Brings a user online; his roster is fetched. */
    login,
    logout: (username: string): void => void sessions.delete(username),
    /** Takes everything and answers nothing from now on, or does again. */
    freeze(isFrozen = true): void {
      frozen = isFrozen
    },
    close,
  }
}

/** Only JIDs are compared: a contact that is there stays as it is. */
function compare(session: Session, friends: Readonly<Record<string, Friend>>): void {
  const before = [...session.roster.keys()]
  for (const [jid, friend] of Object.entries(friends)) {
    if (session.roster.has(jid)) continue
    session.roster.set(jid, friend)
    const { name } = friend
    session.pushes.push({ jid, subscription: 'both', ...(name !== undefined && { name }), groups: groupsOf(friend) })
  }
  for (const jid of before) {
    if (Object.hasOwn(friends, jid)) continue
    session.roster.delete(jid)
    session.pushes.push({ jid, subscription: 'remove', groups: [] })
  }
}

const friendsOf = (text: string): [string, Friend][] => Object.entries(JSON.parse(text) as Record<string, Friend>)

/** Groups are the keys of an object. Those of an array are numbers, which no stanza takes. */
function groupsOf({ groups = {} }: Friend): string[] {
  if (typeof groups !== 'object' || groups === null) throw new TypeError('bad argument: table expected')
  if (Array.isArray(groups) && groups.length > 0) throw new TypeError('bad argument: string expected, got number')
  return Object.keys(groups)
}

/** On a connection of its own, the username as it is in the URL: what stands behind a # is lost. Rejects: not reached. */
function fetchRoster(rosterUrl: string, username: string): Promise<{ status: number; text: string }> {
  const { hostname, port, origin } = new URL(rosterUrl.replace('%s', ''))
  const [path = ''] = rosterUrl
    .replace('%s', () => username)
    .slice(origin.length)
    .split('#', 1)
  const bytes = Buffer.from(path).toString('latin1')
  return new Promise((resolve, reject) => {
    const options = { hostname, port, path: bytes, agent: false, headers: { accept: 'application/json, */*' } }
    const outgoing = request(options, (response) => {
      bodyOf(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject)
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of message) parts.push(part)
  return Buffer.concat(parts).toString()
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

function html(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/html' })
  response.end(`<!DOCTYPE html><title>${status}</title>`)
}
