import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { contactBook, friendshipGraph } from '@rollcall/contacts-app'

/** Applications beside the example, none of which is quite well; and whoever takes messages of changes. */
export interface Backends {
  readonly url: string
  readonly people: Readonly<Record<MadeUpDomain, readonly string[]>>
  /** From then on, example.net answers everything with 503. */
  breakExampleNet(): void
  stop(): Promise<void>
}

export const MADE_UP_DOMAINS = ['chat.example.com', 'campus.example.edu', 'example.net'] as const
export type MadeUpDomain = (typeof MADE_UP_DOMAINS)[number]

const USERS: Readonly<Record<MadeUpDomain, number>> = {
  'chat.example.com': 260,
  'campus.example.edu': 900,
  'example.net': 120,
}

/** Of chat.example.com, in the order of its people: so many are answered like that. */
const TROUBLES: readonly [users: number, answer: (response: ServerResponse) => void][] = [
  [38, (response) => response.writeHead(500).end('{"error":"deadlock detected"}')],
  [14, (response) => response.end('{"anna@chat.example.com":{"name":"Anna","groups":"Friends"}}')],
  [7, () => {}], // for as long as Rollcall waits
  [4, (response) => response.writeHead(404).end()],
]

/** So long takes an answer: one of the campus long enough for a refresh that is looked at while it runs. */
const ANSWER_MS: Readonly<Record<MadeUpDomain, number>> = {
  'chat.example.com': 12,
  'campus.example.edu': 900,
  'example.net': 35,
}

export async function startBackends(): Promise<Backends> {
  const books = new Map(
    MADE_UP_DOMAINS.map((domain, index) => {
      const book = contactBook(friendshipGraph({ users: USERS[domain], seed: index + 1 }), domain)
      return [domain, { book, people: book.users().map(({ username }) => username) }]
    }),
  )
  let isBroken = false

  const server = createServer(async (request, response) => {
    const [, domain, username = ''] = (request.url ?? '').split('/').map(decodeURIComponent)
    request.resume()
    if (domain === 'webhook') return void response.writeHead(204).end()
    if (domain === 'webhook-down') return void response.writeHead(503).end('The search index is being rebuilt')
    const of = books.get(domain as MadeUpDomain)
    if (!of?.book.has(username)) return void response.writeHead(404).end()
    await delay(ANSWER_MS[domain as MadeUpDomain])
    if (domain === 'example.net' && isBroken) return void response.writeHead(503).end('Bad gateway')
    const trouble = domain === 'chat.example.com' ? troubleOf(of.people.indexOf(username)) : undefined
    if (trouble) trouble(response)
    else response.writeHead(200, JSON_TYPE).end(JSON.stringify(of.book.rosterOf(username)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const peopleOf = (domain: MadeUpDomain) => books.get(domain)?.people ?? []
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    people: {
      'chat.example.com': peopleOf('chat.example.com'),
      'campus.example.edu': peopleOf('campus.example.edu'),
      'example.net': peopleOf('example.net'),
    },
    breakExampleNet() {
      isBroken = true
    },
    async stop() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }

function troubleOf(index: number): ((response: ServerResponse) => void) | undefined {
  let before = 0
  for (const [users, answer] of TROUBLES) {
    before += users
    if (index < before) return answer
  }
  return undefined
}
