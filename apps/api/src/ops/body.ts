import type { z } from 'zod'
import { OpsError } from './route.ts'

/** A body as a route takes it. Throws OpsError 400, which says what is wrong and where. */
export function parseBody<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  )
  throw new OpsError(400, faults.join('; '))
}
