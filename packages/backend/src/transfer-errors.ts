/** The answer was not complete by the deadline; `waitingFor` says how far it came. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
  readonly waitingFor: 'connection' | 'headers' | 'body'
  constructor(timeoutMs: number, waitingFor: DeadlineError['waitingFor']) {
    super(`no complete answer within ${timeoutMs} ms (still waiting for ${waitingFor})`)
    this.waitingFor = waitingFor
  }
}

/** The body is larger than `maxBytes`, as announced, as sent or as decompressed. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError'
  readonly maxBytes: number
  constructor(maxBytes: number) {
    super(`body of more than ${maxBytes} bytes`)
    this.maxBytes = maxBytes
  }
}

/** The body is not what its `Content-Encoding` says, or in one that was not asked for. */
export class BodyEncodingError extends Error {
  override readonly name = 'BodyEncodingError'
}

/** The connection broke after the headers and before the end of the body; `cause` says how. */
export class BrokenOffError extends Error {
  override readonly name = 'BrokenOffError'
}
