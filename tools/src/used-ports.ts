import { reachedBy, urlOf } from './address.ts'
import { isPortFree } from './free-port.ts'
import { StartError, type StartOptions } from './start-options.ts'

interface Listener {
  readonly what: string
  /** That names its port. */
  readonly variable: string
  readonly host: string
  readonly port: number
}

/** Throws StartError when the api, the example or the gateway could not listen where it is to. */
export async function refuseUsedPorts(options: StartOptions): Promise<void> {
  for (const listener of listeners(options)) {
    for (const host of new Set([listener.host, reachedBy(listener.host)])) await refuseUsedPort({ ...listener, host })
  }
}

/** `localhost` is 127.0.0.1 and ::1, and whoever connects may try the other one first: says where another program is there. */
export async function localhostDoubts(options: StartOptions): Promise<string[]> {
  const doubts = await Promise.all(
    listeners(options).map(async ({ host, port }) => {
      const other = OTHER_LOOPBACK[host]
      if (other === undefined || (await isPortFree(port, other).catch(() => true))) return []
      return [
        `Another program listens on ${urlOf(other, port)}, and localhost:${port} may reach that one: write ${urlOf(host, port)}.`,
      ]
    }),
  )
  return doubts.flat()
}

// "::" takes both.
const OTHER_LOOPBACK: Readonly<Record<string, string>> = { '127.0.0.1': '::1', '0.0.0.0': '::1', '::1': '127.0.0.1' }

const listeners = ({ api, example, gateway }: StartOptions): Listener[] => [
  { ...api, what: 'the api', variable: 'PORT' },
  ...(example ? [{ ...example, what: 'the example', variable: 'EXAMPLE_PORT' }] : []),
  ...(gateway ? [{ ...gateway, what: 'the gateway', variable: 'GATEWAY_PORT' }] : []),
]

async function refuseUsedPort({ what, variable, host, port }: Listener): Promise<void> {
  if (await isPortFree(port, host).catch(cannotListen)) return
  throw new StartError(
    `Port ${port} of ${host}, meant for ${what}, is in use by another program. Stop that one` +
      `${process.platform === 'win32' ? '' : ` (lsof -i :${port} names it)`}, or take another port:  ${variable}=${port + 1} npm start`,
  )

  function cannotListen(cause: NodeJS.ErrnoException): never {
    const advice =
      cause.code === 'EACCES' ? `set ${variable} to a port above 1023` : 'set HOST to an address of this machine'
    throw new StartError(`On port ${port} of ${host} ${what} cannot listen (${cause.code}): ${advice}.`, { cause })
  }
}
