/** A request that cannot be granted; its message is for the caller. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly status: 400 | 403 | 404 | 502
  constructor(status: RequestError['status'], message: string) {
    super(message)
    this.status = status
  }
}
