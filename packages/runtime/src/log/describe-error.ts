export interface DescribedError {
  readonly type: string
  readonly message: string
  readonly code?: string | number
  readonly status?: number
  readonly stack?: string
  readonly cause?: DescribedError
  readonly errors?: readonly DescribedError[]
}

const MAX_DEPTH = 5

/**
 * An error for the log: only fields known to be harmless, since errors of HTTP clients carry the whole request, its
 * headers and the answer's body; `cause` and the parts of an AggregateError are kept.
 */
export function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) }
  const code = fieldOf(error, 'code')
  const status = fieldOf(error, 'status')
  const deeper = depth < MAX_DEPTH
  return {
    type: error.name,
    message: error.message,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(typeof status === 'number' && { status }),
    ...(error.stack !== undefined && { stack: error.stack }),
    ...(deeper && error.cause !== undefined && { cause: describeError(error.cause, depth + 1) }),
    ...(deeper &&
      error instanceof AggregateError && { errors: error.errors.map((part) => describeError(part, depth + 1)) }),
  }
}

function fieldOf(error: Error, field: string): unknown {
  return field in error ? Reflect.get(error, field) : undefined
}
