import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/**
 * Tells a kept-alive socket that the server closed while the next request was on its way (no fault of the backend,
 * and undici reports it like any reset) from one that broke on its first request.
 * Only undici knows which request goes over which socket; it says so on a diagnostics channel.
 */
export function staleSockets() {
  const requests = new WeakMap<Socket, number>()
  const ofReused = new WeakSet<Error>()

  function count(message: unknown): void {
    const { request, socket } = message as SendHeadersMessage
    if (request.method === 'CONNECT') return // answered by a proxy
    const earlier = requests.get(socket) ?? 0
    requests.set(socket, earlier + 1)
    // One request at a time: that a second one goes out means that the first was answered.
    if (earlier === 1) socket.on('error', (error: Error) => ofReused.add(error))
  }
  subscribe(SEND_HEADERS, count)

  return {
    wasReused: (error: Error): boolean => ofReused.has(error),
    stop: () => unsubscribe(SEND_HEADERS, count),
  }
}

/** Right before a request is written. https://undici.nodejs.org/#/docs/api/DiagnosticsChannel */
const SEND_HEADERS = 'undici:client:sendHeaders'

interface SendHeadersMessage {
  readonly request: { readonly method?: string }
  readonly socket: Socket
}
