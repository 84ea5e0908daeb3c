/** Where Rollcall listens, without a slash at the end, and the token to show it when it wants one. */
export interface RollcallAddress {
  readonly url: string
  readonly token?: string | undefined
}

export class RollcallUnreachableError extends Error {
  override readonly name = 'RollcallUnreachableError'
  readonly timedOut: boolean
  constructor(url: string, cause: unknown) {
    const timedOut = cause instanceof Error && cause.name === 'TimeoutError'
    super(
      timedOut
        ? `Rollcall at ${url} did not answer in time`
        : `Rollcall at ${url} cannot be reached (${reason(cause)})`,
      {
        cause,
      },
    )
    this.timedOut = timedOut
  }
}

/** One request, its body read, within the deadline of `signal`. Throws RollcallUnreachableError and nothing else. */
export async function askRollcall(
  { url, token }: RollcallAddress,
  path: string,
  init: RequestInit & { readonly signal: AbortSignal },
): Promise<{ readonly status: number; readonly headers: Headers; readonly json: unknown }> {
  const headers = new Headers(init.headers)
  headers.set('Accept', 'application/json')
  if (token) headers.set('Authorization', `Bearer ${token}`)
  try {
    const response = await fetch(url + path, { ...init, headers, redirect: 'manual' })
    return { status: response.status, headers: response.headers, json: jsonOrUndefined(await response.text()) }
  } catch (error) {
    throw new RollcallUnreachableError(url, error)
  }
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** fetch says "fetch failed" and keeps what happened in `cause`. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.cause === undefined ? error.message : reason(error.cause)
}
