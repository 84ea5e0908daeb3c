// The application that owns the rosters, as a process of its own: answers at once or after a delay, and counts.
import { createServer } from 'node:http'
import { listen, readJson } from './listen.ts'
import { rosterText } from './rosters.ts'

export interface BackendControl {
  /** The same version gives the same bytes. */
  readonly version: number
  readonly delayMs: number
  /** Sends an ETag, and 304 to whoever has that version. */
  readonly etag: boolean
}

export interface BackendCounts {
  readonly requests: number
  readonly notModified: number
}

let control: BackendControl = { version: 0, delayMs: 0, etag: false }
let requests = 0
let notModified = 0

/** Rosters that somebody has given it, which go before those it makes up. */
const given = new Map<string, string>()

const server = createServer((request, response) => {
  const url = request.url ?? ''
  if (url === '/control') {
    void readJson<BackendControl>(request).then((wanted) => {
      control = wanted
      requests = 0
      notModified = 0
      response.end('{}')
    })
    return
  }
  if (url === '/rosters') {
    void readJson<Record<string, object>>(request).then((rosters) => {
      for (const [username, roster] of Object.entries(rosters)) given.set(username, JSON.stringify(roster))
      response.end('{}')
    })
    return
  }
  if (url === '/counts') {
    response.end(JSON.stringify({ requests, notModified } satisfies BackendCounts))
    return
  }
  requests++
  const { version, delayMs, etag } = control
  const send = () => {
    if (etag && request.headers['if-none-match'] === `"${version}"`) {
      notModified++
      response.writeHead(304, { etag: `"${version}"` }).end()
      return
    }
    const username = url.slice('/contacts/'.length)
    const body = given.get(username) ?? rosterText(username, version)
    const headers: Record<string, string | number> = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    if (etag) headers.etag = `"${version}"`
    response.writeHead(200, headers).end(body)
  }
  if (delayMs === 0) send()
  else setTimeout(send, delayMs)
})

await listen(server)
