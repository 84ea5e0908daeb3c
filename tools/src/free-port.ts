import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** A TCP port of 127.0.0.1 that was free a moment ago: whoever uses it must be ready to lose the race. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await listen(server, 0, '127.0.0.1')
  const address = server.address()
  await close(server)
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
  return address.port
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
