import { Agent, type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import { connect } from 'node:net'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body parsed as JSON. */
  json<T = Record<string, unknown>>(): T
}

export interface SendOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is, with its length, without a content type; chunked when the headers say so. */
  readonly body?: string | Uint8Array
  /** Default: a connection of its own. */
  readonly agent?: Agent
  readonly signal?: AbortSignal
}

/** One HTTP request just as it is told: any Host, any path, no header of its own. */
export function send(
  url: string,
  { method = 'GET', headers = {}, body, agent = ALONE, signal }: SendOptions = {},
): Promise<Answer> {
  const { hostname, port, origin } = new URL(url)
  const options: RequestOptions = { hostname, port, path: url.slice(origin.length), method, headers, agent }
  return new Promise((resolve, reject) => {
    const outgoing = request(signal ? { ...options, signal } : options, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(parts).toString()
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: <T>() => JSON.parse(text) as T,
        })
      })
    })
    outgoing.on('error', reject)
    if (headers.expect === undefined) outgoing.end(body)
    else outgoing.on('continue', () => outgoing.end(body))
  })
}

const ALONE = new Agent({ keepAlive: false, maxSockets: 1000 })

/** What comes back for bytes written to a connection, until the other side closes it. */
export function exchange(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(text))
    socket.on('data', (part: Buffer) => parts.push(part))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(parts).toString()))
  })
}
