import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { clientFor, userNamed } from '../../../test/support/backend-client.ts'
import type { BackendClient } from './backend-client.ts'

const LARGE = Array.from({ length: 10 }, (_, i) => `large${i}`)
const LARGE_BODY = `{}${' '.repeat(300_000)}`

let server: Server
let client: BackendClient
let waiting: Map<string, ServerResponse>
let turn: number
let turns: NodeJS.Immediate
/** In the order in which they were answered; `in` counts turns of the event loop. */
let answered: { username: string; in: number }[]

beforeEach(async () => {
  waiting = new Map()
  answered = []
  server = createServer((request, response) => {
    waiting.set(request.url?.slice(1) ?? '', response)
    server.emit('waiting')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  client = clientFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}/%s`)
  turn = 0
  countTurns()
})
afterEach(async () => {
  clearImmediate(turns)
  await client.close()
  server.close()
})

function countTurns(): void {
  turn += 1
  turns = setImmediate(countTurns)
}

async function fetchRoster(username: string): Promise<void> {
  expect(await client.fetchRoster(userNamed(username), {})).toMatchObject({ kind: 'roster' })
  answered.push({ username, in: turn })
}

/** All at once, when everybody waits: the client finds them all in one look at its connections. */
async function answerLarge(everybody: string[]): Promise<void> {
  while (waiting.size < everybody.length) await once(server, 'waiting')
  for (const username of LARGE) waiting.get(username)?.end(LARGE_BODY)
}

test('large answers that come together are read in a turn of the event loop each', async () => {
  await Promise.all([answerLarge(LARGE), ...LARGE.map(fetchRoster)])
  expect(new Set(answered.map((answer) => answer.in)).size).toBe(LARGE.length)
})

test('a small answer that comes later does not wait for all of them', async () => {
  const small = fetchRoster('small')
  const larges = LARGE.map(fetchRoster)
  void Promise.race(larges).then(() => waiting.get('small')?.end('{}'))
  await Promise.all([answerLarge([...LARGE, 'small']), small, ...larges])
  expect(answered.map(({ username }) => username).slice(0, -1)).toContain('small')
})
