import { z } from 'zod'

/** Text in its one normal form, or why it has none: what is wrong and where, safe to print. */
export type Normalised = { readonly normal: string } | { readonly reason: string }

/** A schema that checks and normalises. Not a transform, so that it stays a string in JSON Schema and OpenAPI. */
export function normalisedString(normalise: (text: string) => Normalised) {
  return z.string().check((payload) => {
    const result = normalise(payload.value)
    if ('normal' in result) payload.value = result.normal
    else payload.issues.push({ code: 'custom', message: result.reason, input: payload.value })
  })
}
