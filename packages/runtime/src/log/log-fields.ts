/** The fields of log lines, each named once, so that what is searched for is spelled the same everywhere. */
export interface LogFields {
  readonly username?: string
  readonly domain?: string
  /** Id of a refresh. */
  readonly refresh?: string
  readonly shard?: number
  /** A failure's code, or a system error's. */
  readonly code?: string
  /** Of the fetch of one user, from 1. */
  readonly attempt?: number
  readonly durationMs?: number
  readonly status?: number
  readonly method?: string
  readonly url?: string
  readonly headers?: object
  /** Which token was used; never the token. */
  readonly tokenId?: string
  readonly updated?: number
  readonly errors?: number
  readonly pending?: number
  readonly err?: unknown
}

declare module 'pino' {
  namespace pino {
    interface LogFnFields extends LogFields {}
  }
}
