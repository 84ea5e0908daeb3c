import { text } from 'node:stream/consumers'
import { listen } from './real-server.ts'

export interface Heard {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly authorization: string | undefined
  readonly contentType: string | undefined
  readonly body: unknown
}

export interface Reply {
  readonly status: number
  readonly body: unknown
  readonly headers?: Record<string, string>
}

/** A server that stands where Rollcall would, answers what `reply` says, and keeps what it heard. */
export async function standInRollcall(reply: (heard: Heard, nth: number) => Reply | 'hang-up' | Promise<Reply>) {
  const heard: Heard[] = []
  const server = await listen(async (request, response) => {
    const body = await text(request)
    const { authorization, 'content-type': contentType } = request.headers
    const parsed: unknown = body === '' ? undefined : JSON.parse(body)
    const one: Heard = { method: request.method, path: request.url, authorization, contentType, body: parsed }
    heard.push(one)
    const answer = await reply(one, heard.length)
    if (answer === 'hang-up') return void request.socket.destroy()
    response.writeHead(answer.status, { 'Content-Type': 'application/json', ...answer.headers })
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
  })
  return { ...server, heard }
}

export const summary = (updated: number, errors = 0) => ({
  status: updated > 0 ? 'ok' : 'error',
  message: updated > 0 ? 'roster update complete' : 'no roster was updated',
  updated,
  errors,
})
