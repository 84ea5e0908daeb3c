import { type Dispatcher, EnvHttpProxyAgent, errors, Pool } from 'undici'

/**
 * Through the proxy that `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` name. A proxy that hangs up on CONNECT fails the
 * request; undici 7 by itself connects again at once, for ever, also when the request has ended long ago (its #3897).
 */
export function environmentProxy(options: Pool.Options): Dispatcher {
  const factory = (origin: string | URL, poolOptions: object): Dispatcher =>
    new Pool(origin, poolOptions).on('connectionError', (_, targets, error) => {
      const client = targets.at(-1)
      if (error instanceof errors.SocketError) client?.destroy(error).catch(() => {})
    })
  return new EnvHttpProxyAgent({ ...options, factory })
}
