import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type Child, ChildEndedError, type ChildOptions, startChild } from './child.ts'
import { bringDebianPackages, hasDebianPackages } from './debian-packages.ts'
import { freePort } from './free-port.ts'

export interface ProsodyPorts {
  readonly clients: number
  readonly components: number
  readonly http: number
}

export interface ProsodyServerOptions {
  /** Of its own: configuration, data. Made when it is not there. */
  readonly directory: string
  /** Lua, after our own settings: further ones, then VirtualHosts and Components. */
  readonly configuration: string
  /** Default: free ones. */
  readonly ports?: ProsodyPorts
  readonly ownGroup?: boolean
  readonly onLine?: ChildOptions['onLine']
  /** Told when it has to be brought first, which takes some seconds and the network. */
  readonly onBringing?: () => void
}

export interface ProsodyServer {
  readonly ports: ProsodyPorts
  readonly child: Child
  /** Lets somebody log in, from now on. Contacts are only for one who is new. */
  addUser(user: ProsodyUser): Promise<void>
  /** SIGTERM, SIGKILL after 5 s. */
  stop(): Promise<void>
}

export interface ProsodyUser {
  readonly username: string
  readonly domain: string
  readonly password: string
  readonly contacts?: readonly ProsodyContact[]
}

export interface ProsodyContact {
  readonly jid: string
  readonly name?: string
  readonly groups: readonly string[]
  readonly subscription: string
}

/** Prosody with the modules that are not its own, mod_privilege among them, and what a minimal Debian lacks. */
const PROSODY_PACKAGES = [
  'prosody',
  'prosody-modules',
  'lua5.4',
  'lua-expat',
  'lua-filesystem',
  'lua-sec',
  'lua-socket',
  'libexpat1',
  'libreadline8',
]

/** What has the number of a release in its name; of other releases it has to be installed. */
const OF_RELEASE: Readonly<Record<string, readonly string[]>> = {
  bookworm: ['libicu72', 'libssl3'],
  trixie: ['libicu76', 'libssl3t64'],
}

const READY_MS = 20_000
const PORT_ATTEMPTS = 5

export class NoProsodyError extends Error {
  override readonly name = 'NoProsodyError'
  constructor(cause?: unknown) {
    const why =
      cause instanceof Error
        ? `that went wrong: ${cause.message.trim()}\nThe first time, it needs the network.`
        : 'and there is no apt-get and dpkg-deb here.\nTake a machine or a container with Debian or Ubuntu, or name a Prosody of your own in TARGETS: docs/prosody.md.'
    super(`No Prosody here. It is brought from the packages of Debian and its kin, ${why}`, { cause })
  }
}

/**
 * Debian's Prosody, unpacked without root into `.cache/prosody`: on 127.0.0.1 only, for clients that log in without TLS, with
 * passwords as they are. Ready when the promise settles. Throws NoProsodyError.
 */
export async function startProsodyServer(options: ProsodyServerOptions): Promise<ProsodyServer> {
  const { directory } = options
  const program = await findProsody(options.onBringing)
  await mkdir(join(directory, 'data'), { recursive: true })
  await writeFile(join(directory, 'prosody.lua'), program.script)
  for (let attempt = 1; ; attempt += 1) {
    const ports = options.ports ?? {
      clients: await freePort(),
      components: await freePort(),
      http: await freePort(),
    }
    const child = await spawnProsody(program, ports, options)
    try {
      await untilReady(child, ports.clients)
      const stop = async () => void (await child.stop())
      return { ports, child, addUser: (user) => addUser(directory, user), stop }
    } catch (error) {
      await child.stop()
      if (!(error instanceof PortTakenError) || options.ports !== undefined || attempt === PORT_ATTEMPTS) throw error
    }
  }
}

interface Program {
  readonly lua: string
  /** The text of the program, which knows where its parts are. */
  readonly script: string
  readonly env: Readonly<Record<string, string | undefined>>
}

async function findProsody(onBringing: (() => void) | undefined): Promise<Program> {
  if (!hasDebianPackages()) throw new NoProsodyError()
  try {
    const { root, libraryPath } = await bringDebianPackages('prosody', await packages(), onBringing)
    const script = await readFile(join(root, 'usr/bin/prosody'), 'utf8')
    const modules = libraryPath.split(':').map((directory) => `${directory}/lua/5.4/?.so`)
    return {
      lua: join(root, 'usr/bin/lua5.4'),
      script: script.replaceAll("'/usr/lib/prosody", `'${root}/usr/lib/prosody`),
      env: {
        LD_LIBRARY_PATH: libraryPath,
        LUA_PATH: `${root}/usr/share/lua/5.4/?.lua;;`,
        LUA_CPATH: `${modules.join(';')};;`,
        LUA_PATH_5_4: undefined,
        LUA_CPATH_5_4: undefined,
      },
    }
  } catch (cause) {
    throw new NoProsodyError(cause)
  }
}

async function packages(): Promise<readonly string[]> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const codename = /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1] ?? ''
  return [...PROSODY_PACKAGES, ...(OF_RELEASE[codename] ?? [])]
}

async function spawnProsody(program: Program, ports: ProsodyPorts, options: ProsodyServerOptions): Promise<Child> {
  const { directory, configuration, ownGroup = false, onLine } = options
  const file = join(directory, 'prosody.cfg.lua')
  await writeFile(file, `${ownSettings(directory, ports)}\n${configuration}\n`)
  return startChild({
    name: 'Prosody',
    command: program.lua,
    args: [join(directory, 'prosody.lua'), '-F', '--config', file],
    cwd: directory,
    env: program.env,
    ownGroup,
    ...(onLine ? { onLine } : {}),
  })
}

const ownSettings = (directory: string, { clients, components, http }: ProsodyPorts): string => `
run_as_root = true -- where it has to, as in a container
data_path = ${luaString(join(directory, 'data'))}
pidfile = ${luaString(join(directory, 'prosody.pid'))}
log = { { levels = { min = "info" }, to = "stdout" } }
interfaces = { "127.0.0.1" }
c2s_ports = { ${clients} }
component_interfaces = { "127.0.0.1" }
component_ports = { ${components} }
http_interfaces = { "127.0.0.1" }
http_ports = { ${http} }
https_ports = {}
modules_enabled = { "disco", "roster", "saslauth" }
modules_disabled = { "s2s", "tls" }
authentication = "internal_plain"
c2s_require_encryption = false
`

const luaString = (text: string): string => JSON.stringify(text)

class PortTakenError extends Error {}

// It goes on without a port that it cannot have, and says so. It answers once each of its ports is open or not.
async function untilReady(child: Child, port: number): Promise<void> {
  const deadline = Date.now() + READY_MS
  for (;;) {
    const isAnswering = await answersStream(port)
    const exit = child.exit()
    if (exit) throw new ChildEndedError(child.name, exit, child.lastLines())
    const taken = child.lastLines().find((line) => line.includes('Failed to open server port'))
    if (taken !== undefined) throw new PortTakenError(taken)
    if (isAnswering) return
    if (Date.now() > deadline) {
      throw new Error([`Prosody was not ready within ${READY_MS} ms`, ...child.lastLines()].join('\n  '))
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

// The kernel takes connections before Prosody does: only an answer tells.
function answersStream(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.write(
        `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`,
      )
    })
    const answer = (ready: boolean) => {
      socket.destroy()
      resolve(ready)
    }
    socket.setTimeout(1_000, () => answer(false))
    socket.once('error', () => answer(false))
    socket.once('data', (data) => answer(data.includes('stream:stream')))
    socket.once('end', () => answer(false))
  })
}

/** In files, as mod_auth_internal_plain and mod_storage_internal keep them. */
async function addUser(directory: string, { username, domain, password, contacts }: ProsodyUser): Promise<void> {
  const keep = async (store: string, table: string) => {
    const files = join(directory, 'data', fileName(domain), store)
    await mkdir(files, { recursive: true })
    await writeFile(join(files, `${fileName(username)}.dat`), `return ${table};\n`)
  }
  await keep('accounts', `{ ["password"] = ${luaString(password)} }`)
  if (contacts) await keep('roster', `{ [false] = { version = 1 }; ${contacts.map(rosterEntry).join(' ')} }`)
}

function rosterEntry({ jid, name, groups, subscription }: ProsodyContact): string {
  const members = groups.map((group) => `[${luaString(group)}] = true;`).join(' ')
  const named = name === undefined ? '' : `name = ${luaString(name)}; `
  return `[${luaString(jid)}] = { ${named}subscription = ${luaString(subscription)}; groups = { ${members} } };`
}

const fileName = (text: string): string =>
  Buffer.from(text)
    .toString('latin1')
    .replace(/[^A-Za-z0-9]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
