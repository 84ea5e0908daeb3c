import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { usernameOf } from '../rosters.ts'
import { type Fault, only, type Stage } from './fault.ts'

/** An api that holds many connections takes more memory, but not without bound. */
const MOST_BYTES = 400 * 1024 * 1024
const IDLE_CONNECTIONS = 5000

/** Clients that misbehave at one api, whose memory is looked at meanwhile. */
function rude(name: string, about: string, behave: (socket: Socket, stage: Stage) => void, clients: number): Fault {
  return {
    name,
    about,
    answersWithinMs: 10_000,
    settlesWithinMs: 30_000, // what they asked for is fetched, whether they wait for it or not
    plan(stage) {
      const at = stage.random.below(stage.scene.apis.length)
      const api = stage.scene.apis[at]
      return {
        what: `${about}, at api ${at + 1}`,
        // On a busy machine an api that takes in thousands at once may miss the time in which Redis has to answer.
        excuses: { refused: only(at) },
        async run() {
          if (!api) return
          const sockets: Socket[] = []
          const until = stage.now() + 6000 * stage.pace
          for (let i = 0; i < clients; i++) {
            sockets.push(clientOf(api.url, (socket) => behave(socket, stage)))
            if (i % 100 === 99) await delay(10)
          }
          let most = 0
          while (stage.now() < until) {
            most = Math.max(most, residentBytes(api.pid()))
            await delay(100)
          }
          for (const socket of sockets) socket.destroy()
          if (most > MOST_BYTES) stage.checker.violated('memory', stage.now(), `api ${at + 1} took ${most} bytes`)
        },
      }
    },
  }
}

function clientOf(url: string, behave: (socket: Socket) => void): Socket {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) }, () => behave(socket))
  socket.on('error', () => {})
  socket.on('data', () => {})
  return socket
}

const HEAD = 'POST /roster_admin/refresh HTTP/1.1\r\nHost: localhost\r\n'

function hangUp(socket: Socket, { load }: Stage): void {
  const { random } = load
  const users = Array.from({ length: 200 }, () => usernameOf(random.below(load.users)))
  const body = JSON.stringify(users)
  socket.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`)
  setTimeout(() => socket.resetAndDestroy(), random.between(1, 200))
}

function dawdle(socket: Socket): void {
  socket.write(`${HEAD}Content-Length: 10000000\r\n\r\n[`)
  const timer = setInterval(() => socket.write('"user-1",'.repeat(100)), 20)
  socket.once('close', () => clearInterval(timer))
}

/** Resident memory of a process; known on Linux only. */
function residentBytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

export const CLIENT_FAULTS: readonly Fault[] = [
  rude('clients-hang-up', 'clients ask for 200 users and hang up', hangUp, 100),
  rude('clients-idle', `${IDLE_CONNECTIONS} connections that send nothing`, () => {}, IDLE_CONNECTIONS),
  rude('clients-slow', 'clients send their bodies slowly', dawdle, 100),
]
