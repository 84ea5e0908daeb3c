import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** Has a server listen until the test has ended, or `close` is called, which breaks its connections; port 0: a free one. */
export async function listenInTest(server: Server, host: string, port: number) {
  server.listen(port, host)
  await once(server, 'listening')

  async function close(): Promise<void> {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  onTestFinished(close)

  return { url: `http://${host}:${(server.address() as AddressInfo).port}`, close }
}
