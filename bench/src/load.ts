// Load on /contacts, as a process of its own. Over bare sockets: a full HTTP client takes more CPU than what it measures.
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { listen, readJson } from './listen.ts'
import { usernameAt } from './rosters.ts'

export interface Load {
  readonly port: number
  readonly connections: number
  readonly requests: number
  /** Asks for users 0 to users - 1, in turn, or every `step`-th of them. */
  readonly users: number
  readonly step?: number
}

export interface LoadResult {
  readonly seconds: number
  readonly responses: number
  /** Of the bodies, in all. */
  readonly bytes: number
}

/** Every answer must be a 200 with a Content-Length and a body of that length; anything else rejects. */
async function run({ port, connections, requests, users, step = 1 }: Load): Promise<LoadResult> {
  let sent = 0
  let responses = 0
  let bytes = 0
  const next = (): string | null => {
    if (sent === requests) return null
    return `GET /contacts/${usernameAt((sent++ * step) % users)} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: application/json\r\n\r\n`
  }
  const connection = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      let head = Buffer.alloc(0)
      let missing = 0
      const ask = () => {
        const request = next()
        if (request === null) socket.end()
        else socket.write(request)
      }
      const answered = () => {
        responses++
        ask()
      }
      socket.once('connect', ask)
      socket.once('error', reject)
      socket.once('close', resolve)
      socket.setTimeout(10_000, () => socket.destroy(new Error('no answer within 10 s')))
      socket.on('data', (chunk) => {
        if (missing > 0) {
          missing -= chunk.length
        } else {
          head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
          const end = head.indexOf('\r\n\r\n')
          if (end === -1) return
          const length = bodyLength(head.toString('latin1', 0, end))
          if (length === null) return void socket.destroy(new Error(head.toString('latin1', 0, end)))
          bytes += length
          missing = end + 4 + length - head.length
          head = Buffer.alloc(0)
        }
        if (missing < 0) socket.destroy(new Error('more bytes than Content-Length says'))
        else if (missing === 0) answered()
      })
    })
  const started = performance.now()
  await Promise.all(Array.from({ length: connections }, connection))
  return { seconds: (performance.now() - started) / 1000, responses, bytes }
}

function bodyLength(head: string): number | null {
  if (!head.startsWith('HTTP/1.1 200 ')) return null
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  return length === undefined ? null : Number(length)
}

await listen(
  createServer((request, response) => {
    readJson<Load>(request)
      .then(run)
      .then(
        (result) => response.end(JSON.stringify(result)),
        (error: unknown) => response.writeHead(500).end(String(error)),
      )
  }),
)
