/** The api refused, failed, or did not answer. `message` is for people: what is wrong, and what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** Of HTTP; 0: no answer came. */
  readonly status: number
  /** In two or three words. */
  readonly title: string
  constructor(status: number, title: string, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.status = status
    this.title = title
  }
}

/** Whoever was logged in is so no longer; the message says why. */
export const isLoggedOut = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 401 && error.title === 'Logged out'

/** It may go well in a moment: nobody answered, or Redis was away. */
export const isPassing = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 0 || error.status === 502 || error.status === 503)

const ASK_AGAIN_MS = 3000

/** In how many ms to ask again: views come back by themselves when Redis or the api does. */
export const untilItPasses = (error: unknown): number | false => (isPassing(error) ? ASK_AGAIN_MS : false)
