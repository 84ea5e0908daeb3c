import { buildConnector, errors } from 'undici'

/**
 * Tells a kept-alive socket that the server closed while the next request was on its way (no fault of the backend,
 * and undici reports it like any reset) from a connection that broke on its first request.
 * A TLS socket has always read something, its handshake: there, a fresh one counts as reused.
 */
export function staleSockets(connectTimeoutMs: number) {
  const brokeAfterReading = new WeakSet<Error>()
  const connector = buildConnector({ timeout: connectTimeoutMs })

  const connect: buildConnector.connector = (options, callback) =>
    connector(options, (...result) => {
      const [, socket] = result
      socket?.prependListener('error', (error: Error) => {
        if (socket.bytesRead > 0) brokeAfterReading.add(error)
      })
      callback(...result)
    })

  const wasReused = (error: Error): boolean =>
    error instanceof errors.SocketError ? (error.socket?.bytesRead ?? 0) > 0 : brokeAfterReading.has(error)

  return { connect, wasReused }
}
