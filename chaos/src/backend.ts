// The application that owns the rosters, as a process of its own. It holds the truth: the serial of every user's roster,
// and which serials its latest fetches were given. It is told what to do on a second port, which no fault touches.
import { createServer, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { type Behaviour, type Given, isMisbehaving, LISTENING } from './backend-control.ts'
import { listen, readJson } from './listen.ts'
import { rosterText, userNamed } from './rosters.ts'

const KEPT_FETCHES = 6
const FLAP_MS = 400

const serials = new Map<number, number>()
const given = new Map<number, Given[]>()
const connections = new Set<Socket>()
const held: (() => void)[] = []
let behaviour: Behaviour = { kind: 'good' }
let fetches = 0

const serialOf = (user: number): number => serials.get(user) ?? 1

const rosters = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const user = userNamed(decodeURIComponent((request.url ?? '').slice('/contacts/'.length)))
  fetches++
  response.on('error', () => {})
  void (isMisbehaving(behaviour, user)
    ? misbehave(user, response)
    : answer(user, request.headers['if-none-match'], response))
})
rosters.on('connection', (socket: Socket) => {
  if (isDown()) return void socket.resetAndDestroy()
  connections.add(socket)
  socket.on('error', () => {})
  socket.once('close', () => connections.delete(socket))
})

/** The roster as it stands when the request arrives, a little later: so that fetches overlap with all that may happen. */
async function answer(user: number, known: string | undefined, response: ServerResponse): Promise<void> {
  const serial = serialOf(user)
  const latest = given.get(user) ?? []
  given.set(user, [...latest.slice(1 - KEPT_FETCHES), { at: Date.now(), serial }])
  if (behaviour.kind === 'late') await new Promise<void>((resolve) => held.push(resolve))
  else await delay(2 + Math.random() * 18)
  const etag = `"${serial}"`
  if (known === etag) {
    response.writeHead(304, { etag }).end()
    return
  }
  const body = rosterText(user, serial)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length, etag }).end(body)
}

async function misbehave(user: number, response: ServerResponse): Promise<void> {
  switch (behaviour.kind) {
    case 'hang':
      return
    case 'drip': {
      const body = rosterText(user, serialOf(user))
      response.writeHead(200, { 'content-length': body.length })
      for (const byte of body) {
        if (response.destroyed) return
        response.write(byte)
        await delay(1000)
      }
      return void response.end()
    }
    case 'too-many':
      return void response.writeHead(429, { 'retry-after': '1' }).end()
    case 'garbage':
      return void response.writeHead(200).end('<html>It works!</html>')
    default:
      response.socket?.resetAndDestroy()
  }
}

const isDown = (): boolean =>
  behaviour.kind === 'dead' || (behaviour.kind === 'flap' && Math.floor(Date.now() / FLAP_MS) % 2 === 0)

setInterval(() => {
  if (!isDown()) return
  for (const socket of connections) socket.resetAndDestroy()
}, 50)

const control = createServer(async (request, response) => {
  const send = (body: unknown): void => void response.end(JSON.stringify(body))
  switch (request.url) {
    case '/change': {
      const users = await readJson<number[]>(request)
      for (const user of users) serials.set(user, serialOf(user) + 1)
      return send(users.map(serialOf))
    }
    case '/serials':
      return send((await readJson<number[]>(request)).map(serialOf))
    case '/given':
      return send((await readJson<number[]>(request)).map((user) => given.get(user) ?? []))
    case '/behave':
      behaviour = await readJson<Behaviour>(request)
      for (const release of held.splice(0)) release()
      return send({})
    default:
      return send({ fetches })
  }
})
control.keepAliveTimeout = 60_000

const [port, controlPort] = [await listen(rosters), await listen(control)]
console.log(`${LISTENING} ${port} ${controlPort}`)
