import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What `listen` writes; the api of Rollcall logs it as well. */
export const LISTENING = /[Ll]istening on (http:\/\/127\.0\.0\.1:\d+)/

/** Listens on a free port of 127.0.0.1 and says so on stdout, for the process that started this one. */
export async function listen(server: Server): Promise<void> {
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  console.log(`listening on http://127.0.0.1:${port}`)
}

export async function readJson<T>(request: IncomingMessage): Promise<T> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString()) as T
}

/** A variable that the process that started this one has set. */
export function variable(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set: npm run bench starts this`)
  return value
}
