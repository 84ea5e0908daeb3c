import type { AxiosAdapter } from 'axios'
import { Agent } from 'undici'
import { environmentProxy } from './environment-proxy.ts'
import { Exchange } from './exchange.ts'
import type { RequestHeaders } from './request-headers.ts'
import { staleSockets } from './stale-sockets.ts'

export interface UndiciAdapterOptions {
  /** Connections to one origin at most. A request that waits for one does so on its own deadline. */
  readonly connections: number
  readonly connectTimeoutMs: number
  /** Go through the proxy that `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` name. Otherwise they are not looked at. */
  readonly useEnvProxy: boolean
}

export interface UndiciAdapter {
  /** For requests that all carry these headers: what axios does not see, it does not copy and check for each of them. */
  adapterWith(headers: RequestHeaders): AxiosAdapter
  /** Cuts off what is still running. */
  close(): Promise<void>
}

/**
 * axios over a keep-alive pool of undici, for GET. Of axios's options it knows `url`, `headers`,
 * `timeout` (ms for everything from the call to the last byte) and `maxContentLength` (decompressed bytes).
 * `data` is a Buffer: the decompressed body of a 200, empty for any other status. Redirects are answers like any other.
 * Of the answer's headers it gives `etag` and `retry-after`.
 * Rejects with the errors of `transfer-errors.ts`, or with the error of the socket or of undici.
 */
export function undiciAdapter({ connections, connectTimeoutMs, useEnvProxy }: UndiciAdapterOptions): UndiciAdapter {
  const { wasReused, stop } = staleSockets()
  // No timers of undici's: each request has its own deadline, and one timer is cheaper than three.
  const connect = { timeout: connectTimeoutMs }
  const options = { connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0, connect }
  const dispatcher = useEnvProxy ? environmentProxy(options) : new Agent(options)
  return {
    adapterWith: (headers) => (config) =>
      new Promise((resolve, reject) => new Exchange(dispatcher, wasReused, headers, config, resolve, reject).start()),
    close() {
      stop()
      return dispatcher.destroy()
    },
  }
}
