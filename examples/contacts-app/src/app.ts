import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import type { ContactBook } from './contact-book.ts'
import { optionalField, parseFields, requiredField } from './fields.ts'
import type { Notify } from './notify.ts'
import { RequestError } from './request-error.ts'
import { askRollcall, type RollcallAddress, RollcallUnreachableError } from './rollcall.ts'
import { RollcallRefusedError } from './rollcall-refused-error.ts'
import { sameOriginOnly } from './same-origin.ts'

export interface AppOptions {
  readonly book: ContactBook
  readonly notify: Notify
  /** Where the page looks up what Rollcall serves. */
  readonly rollcall: RollcallAddress
  /** Makes `GET /contacts` as slow as a busy application. */
  readonly latencyMs?: number
  readonly log: (line: object) => void
}

export function contactsApp({ book, notify, rollcall, latencyMs = 0, log }: AppOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  // Express hashes each answer and turns a matching If-None-Match into a 304.
  app.set('etag', 'strong')
  app.use(securityHeaders)

  // What Rollcall asks for, and all that it needs of an application.
  app.get('/contacts/:username', async (request, response) => {
    if (latencyMs > 0) await pause(latencyMs)
    response.json(book.rosterOf(known(request.params.username)))
  })

  app.get('/health', (_request, response) => {
    response.json({ status: 'ok', users: book.users().length, friendships: book.friendshipCount() })
  })

  app.use(['/users', '/friendships', '/rollcall'], sameOriginOnly, bodyAsText)

  app.get('/users', (_request, response) => {
    response.json(book.users())
  })

  app.post('/friendships', async (request, response) => {
    const fields = parseFields(request.body)
    const { a, b } = twoPeople(fields)
    const changed = book.befriend(a, b, optionalField(fields, 'group', 50))
    response.json(await announce({ event: 'befriended', a, b, changed }, [a, b]))
  })

  app.delete('/friendships', async (request, response) => {
    const { a, b } = twoPeople(parseFields(request.body))
    const changed = book.unfriend(a, b)
    response.json(await announce({ event: 'unfriended', a, b, changed }, [a, b]))
  })

  app.patch('/users/:username', async (request, response) => {
    const username = known(request.params.username)
    const name = requiredField(parseFields(request.body), 'name', 100)
    const changed = book.rename(username, name)
    response.json(await announce({ event: 'renamed', username, name, changed }, book.friendsOf(username)))
  })

  // For the page, which may not ask another origin.
  app.get('/rollcall/contacts/:username', async (request, response) => {
    const username = known(request.params.username)
    const started = performance.now()
    const signal = AbortSignal.timeout(10_000)
    const { status, headers, json } = await askRollcall(rollcall, `/contacts/${username}`, { signal })
    if (status !== 200) throw new RollcallRefusedError(status, username, json)
    if (typeof json !== 'object' || json === null) throw new RequestError(502, 'Rollcall answered with no roster')
    const ms = Math.round(performance.now() - started)
    response.json({ ms, ageSeconds: Number(headers.get('age') ?? 0), stale: headers.has('warning'), roster: json })
  })

  app.use(express.static(fileURLToPath(new URL('../public', import.meta.url))))
  app.use(() => {
    throw new RequestError(404, 'There is nothing here; GET / is the page')
  })
  app.use(errorAnswer)
  return app

  /** Also when nothing changed: after a notice that failed, doing the same again tells Rollcall again. */
  async function announce(change: object, usernames: readonly string[]) {
    const notice = await notify(usernames)
    const { summary, ...outcome } = notice
    const counts = { updated: summary?.updated, errors: summary?.errors }
    log({ time: new Date().toISOString(), ...change, notified: usernames.length, ...outcome, ...counts })
    return { ...change, rollcall: notice }
  }

  function known(name: string): string {
    const username = name.toLowerCase()
    if (!book.has(username)) throw new RequestError(404, `Nobody is called ${JSON.stringify(name.slice(0, 100))}`)
    return username
  }

  function twoPeople(fields: ReadonlyMap<string, string>): { a: string; b: string } {
    const a = known(requiredField(fields, 'a', 1_023))
    const b = known(requiredField(fields, 'b', 1_023))
    if (a === b) throw new RequestError(400, 'Nobody can befriend themselves: "a" and "b" are the same')
    return { a, b }
  }
}

const bodyAsText = express.text({ type: () => true, limit: '16kb' })

const securityHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    'Content-Security-Policy': "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
  })
  next()
}

const errorAnswer: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) return next(error)
  const status = error instanceof RollcallUnreachableError ? 502 : statusOf(error)
  if (status === 500) console.error(error)
  const message = status === 500 ? 'Something went wrong here' : error.message
  const refused = error instanceof RollcallRefusedError ? { rollcallStatus: error.rollcallStatus } : {}
  response.status(status).json({ status: 'error', message, ...refused })
}

/** Express and its body parser mark what the caller did wrong with a `status`. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && 'status' in error ? error.status : 500
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500
}
