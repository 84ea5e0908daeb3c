import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface TcpProxy {
  readonly port: number
  /** From now on nothing passes on new connections, and on those on which this text was sent; nobody is told. */
  silence(text: string): void
}

/** A proxy in front of a port of this machine, which can lose what it is given. Ends with the test. */
export async function tcpProxy(port: number): Promise<TcpProxy> {
  const lines = new Set<{ readonly sent: string[]; silent: boolean }>()
  const sockets = new Set<Socket>()
  let silent = false
  const server = createServer((client) => {
    const line = { sent: [] as string[], silent }
    const upstream = connect({ port, host: '127.0.0.1' })
    lines.add(line)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('data', (data) => {
        if (from === client) line.sent.push(data.toString('latin1'))
        if (!line.silent) to.write(data)
      })
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        lines.delete(line)
        to.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    port: (server.address() as AddressInfo).port,
    silence(text) {
      silent = true
      for (const line of lines) if (line.sent.some((part) => part.includes(text))) line.silent = true
    },
  }
}
