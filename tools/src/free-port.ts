import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** Below those that systems give to sockets that ask for any: Linux from 32768 on, others from 49152. */
const FIRST = 20_000
const LAST = 32_000
const ATTEMPTS = 100

/** By this process, to whoever has not used them yet. */
const given = new Set<number>()

/**
 * A TCP port of 127.0.0.1 that was free a moment ago: whoever uses it must be ready to lose the race. Nobody is given it who
 * asks for any port, so that a server that stops finds it free when it comes back.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(FIRST, LAST)
    if (given.has(port) || !(await isPortFree(port))) continue
    given.add(port)
    return port
  }
  throw new Error(`None of ${ATTEMPTS} ports between ${FIRST} and ${LAST} is free`)
}

/** Whether nothing listens on that port of that address. Throws when nothing can, as the address is of another machine. */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  const server = createServer()
  try {
    await listen(server, port, host)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false
    throw error
  }
  await close(server)
  return true
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen({ port, host, exclusive: true })
  await once(server, 'listening')
}

async function close(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}
