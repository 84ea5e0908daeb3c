import { Domain, FailureCode, printable } from '@rollcall/roster'
import { type Entry, parsePlace } from '@rollcall/runtime'
import type { Request } from 'express'
import type { z } from 'zod'
import { type OpsCall, OpsError } from './route.ts'

// What stands behind the ? of a path. An empty value is none: that is how forms send what nobody filled in.

type Query = OpsCall['query']

/** Of a request, each name once. Throws OpsError 400. */
export function queryOf({ query }: Pick<Request, 'query'>): Query {
  const twice = Object.keys(query).find((name) => typeof query[name] !== 'string')
  if (twice !== undefined) throw new OpsError(400, `?${printable(twice)}= is there more than once: give it once`)
  return query as Query
}

export function domainIn(query: Query): Domain | undefined {
  return valueIn(query, 'domain', Domain, 'a domain')
}

export function codeIn(query: Query): FailureCode | undefined {
  return valueIn(query, 'code', FailureCode, 'a failure code')
}

/** Throws OpsError 400. */
export function valueIn<S extends z.ZodType>(
  query: Query,
  name: string,
  schema: S,
  what: string,
): z.output<S> | undefined {
  const text = query[name]
  if (!text) return undefined
  const parsed = schema.safeParse(text)
  if (!parsed.success) throw new OpsError(400, `?${name}= is ${printable(text)}, which is not ${what}`)
  return parsed.data
}

/** Where a page begins: what the one before it gave as `next`. */
export function placeIn(query: Query, name: 'after' | 'before'): Entry | null {
  const text = query[name]
  if (!text) return null
  const place = parsePlace(text)
  if (!place) throw new OpsError(400, `?${name}= is ${printable(text)}, which no page gave as "next"`)
  return place
}

/** How many a page has at most. */
export function limitIn(query: Query, usual: number, most: number): number {
  const text = query.limit
  if (!text) return usual
  const limit = Number(text)
  if (!Number.isInteger(limit) || limit < 1 || limit > most)
    throw new OpsError(400, `?limit= is ${printable(text)}; a page has 1 to ${most}`)
  return limit
}
