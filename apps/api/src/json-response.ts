import type { ServerResponse } from 'node:http'

export type Headers = Readonly<Record<string, string | number>>

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Headers = {}): void {
  sendBody(response, status, JSON.stringify(body), { 'content-type': 'application/json; charset=utf-8', ...headers })
}

/** RFC 9457, the form of errors under /v1. */
export function sendProblem(
  response: ServerResponse,
  status: number,
  title: string,
  detail: string,
  headers: Headers = {},
): void {
  const problem = { type: 'about:blank', title, status, detail }
  sendBody(response, status, JSON.stringify(problem), {
    'content-type': 'application/problem+json; charset=utf-8',
    ...headers,
  })
}

export function sendBody(response: ServerResponse, status: number, body: string | Buffer, headers: Headers): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
