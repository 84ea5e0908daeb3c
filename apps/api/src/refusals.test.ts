import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLog } from '@rollcall/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { type Refusal, refuser } from './refusals.ts'

/** What a request to that path is answered with that refusal, and what the log says of it. */
async function refused(path: string, refusal: Refusal) {
  const lines: string[] = []
  const log = createLog({ level: 'info', name: 'test', destination: { write: (line) => void lines.push(line) } })
  const refuse = refuser(log)
  const server = createServer((request, response) => refuse(request, response, refusal)).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)
  return { status: answer.status, headers: answer.headers, body: await answer.json(), logged: lines.map(parse) }
}

const parse = (line: string): unknown => JSON.parse(line)

test('who was refused what, and why, is in the log; what stands in the query is not', async () => {
  const message = 'The token "app" has no right to read for example.org'
  const { logged } = await refused('/contacts/john?token=s3cret', { status: 403, message, caller: 'app' })
  expect(logged).toMatchObject([
    {
      level: 'info',
      msg: 'Refused',
      method: 'GET',
      path: '/contacts/john',
      status: 403,
      reason: message,
      caller: 'app',
    },
  ])
  expect(JSON.stringify(logged)).not.toContain('s3cret')
})

test('what is not the fault of the caller is a warning', async () => {
  const { logged } = await refused('/contacts/john', { status: 503, message: 'Redis is away' })
  expect(logged).toMatchObject([{ level: 'warn', status: 503 }])
})

test.each<[path: string, body: object]>([
  ['/roster_admin/refresh', { status: 'error', message: 'No', updated: 0, errors: 0 }],
  ['/contacts/john', { status: 'error', message: 'No' }],
  ['/v1/rosters/john', { type: 'about:blank', title: 'Token needed', status: 401, detail: 'No' }],
])('%s is answered in its own form, and told how to authenticate', async (path, body) => {
  const answer = await refused(path, { status: 401, message: 'No' })
  expect({ status: answer.status, body: answer.body }).toEqual({ status: 401, body })
  expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer, Basic/)
})
