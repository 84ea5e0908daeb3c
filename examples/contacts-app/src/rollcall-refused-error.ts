/** Rollcall answered, but not with the roster that it was asked for; its status and message are passed on. */
export class RollcallRefusedError extends Error {
  override readonly name = 'RollcallRefusedError'
  /** Of our own answer. */
  readonly status = 502
  readonly rollcallStatus: number
  constructor(rollcallStatus: number, username: string, answer: unknown) {
    const why = typeof answer === 'object' && answer !== null && 'message' in answer ? `: ${answer.message}` : ''
    super(`Rollcall answered ${rollcallStatus} for the contacts of ${username}${why}`)
    this.rollcallStatus = rollcallStatus
  }
}
