import { once } from 'node:events'
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { exchange, send } from '../support/http.ts'
import { rollcallOfFile } from '../support/rollcall.ts'

const { backend, rollcall } = await rollcallOfFile()

const REFRESH = '/roster_admin/refresh'

describe('a client written for mod_http_roster_admin', () => {
  /** All that such a client looks at: that the status is 200, and these four fields. */
  async function notify(usernames: readonly string[], agent: Agent) {
    const answer = await send(rollcall.api.url + REFRESH, { method: 'POST', body: JSON.stringify(usernames), agent })
    if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`)
    const { status, message, updated, errors } = answer.json<{
      status: string
      message: string
      updated: number
      errors: number
    }>()
    return { status, message, updated, errors }
  }

  test('works without a change', async () => {
    const agent = new Agent({ keepAlive: true })
    const ok = { status: 'ok', message: 'roster update complete' }
    expect(await notify(['john', 'aaron'], agent)).toEqual({ ...ok, updated: 2, errors: 0 })
    expect(await notify(['john', 'no/body'], agent)).toEqual({ ...ok, updated: 1, errors: 1 })
    expect(await notify([], agent)).toEqual({ ...ok, updated: 0, errors: 0 })
    agent.destroy()
  })

  test('may speak HTTP/1.0', async () => {
    const text = await exchange(
      rollcall.api.url,
      `POST ${REFRESH} HTTP/1.0\r\nHost: localhost\r\nContent-Length: 8\r\n\r\n["john"]`,
    )
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(text).toMatch(/"updated":1,"errors":0/)
  })

  test('may send several requests before it reads an answer, and gets the answers in order', async () => {
    const request = (body: string) =>
      `POST ${REFRESH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const last = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    const text = await exchange(rollcall.api.url, `${request('["john","mary"]')}${request('[')}${last}`)
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '400', '200'])
  })
})

test.each([
  ['no HTTP', 'hello\r\n\r\n', 400, /not an HTTP request/],
  ['headers of 20 KB', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, /16 KiB/],
])('%s is refused in JSON too', async (_, text, status, message) => {
  const [head = '', body = ''] = (await exchange(rollcall.api.url, text)).split('\r\n\r\n')
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(JSON.parse(body)).toEqual({ status: 'error', message: expect.stringMatching(message), updated: 0, errors: 0 })
})

test('a client that breaks off in the middle of its body leaves nobody waiting, and harms nobody', async () => {
  const { hostname, port } = new URL(rollcall.api.url)
  const socket = connect(Number(port), hostname)
  socket.write(`POST ${REFRESH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n["john",`, () =>
    socket.destroy(),
  )
  await once(socket, 'close')
  expect((await rollcall.send(REFRESH, { method: 'POST', body: '["john"]' })).status).toBe(200)
  expect(rollcall.api.waiting()).toEqual({ callers: 0, users: 0 })
})

test('a kept connection is kept for longer than the 60 s after which clients and proxies reuse it no more', async () => {
  const agent = new Agent({ keepAlive: true })
  const answer = await send(rollcall.api.url + REFRESH, { method: 'POST', body: '[]', agent })
  expect(answer.headers).toMatchObject({ connection: 'keep-alive', 'keep-alive': 'timeout=75' })
  agent.destroy()
})

describe('what is not offered is refused in the form that belongs to the path', () => {
  test.each<[method: string, path: string, status: number, allow?: string]>([
    ['GET', REFRESH, 405, 'POST'],
    ['PUT', REFRESH, 405, 'POST'],
    ['DELETE', REFRESH, 405, 'POST'],
    ['OPTIONS', REFRESH, 405, 'POST'],
    ['POST', `${REFRESH}/john`, 405, 'GET, HEAD'],
    ['GET', '/', 404],
    ['GET', '/contacts', 404],
    ['POST', '/roster_admin', 404],
    ['POST', `${REFRESH}/john/mary`, 404],
    ['GET', '/favicon.ico', 404],
  ])('%s %s', async (method, path, status, allow) => {
    const answer = await rollcall.send(path, { method })
    expect(answer.status).toBe(status)
    expect(answer.headers.allow).toBe(allow)
    expect(answer.json()).toEqual({ status: 'error', message: expect.any(String), updated: 0, errors: 0 })
  })

  test.each<[method: string, path: string, status: number, allow?: string]>([
    ['POST', '/v1/refreshes/some-id', 405, 'GET, HEAD'],
    ['DELETE', '/v1/rosters/john', 405, 'GET, HEAD'],
    ['GET', '/v1/nothing', 404],
    ['GET', '/v1/', 404],
  ])('%s %s', async (method, path, status, allow) => {
    const answer = await rollcall.send(path, { method })
    expect(answer.status).toBe(status)
    expect(answer.headers.allow).toBe(allow)
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    expect(answer.json()).toEqual({
      type: 'about:blank',
      title: expect.any(String),
      status,
      detail: expect.any(String),
    })
  })

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s /contacts/john', async (method) => {
    const answer = await rollcall.send('/contacts/john', { method })
    expect(answer.status).toBe(405)
    expect(answer.headers.allow).toBe('GET, HEAD')
    expect(answer.json()).toEqual({ status: 'error', message: expect.any(String) })
  })
})

describe('a path whose percent-encoding is broken is a bad request', () => {
  test.each([
    `${REFRESH}/%zz`,
    `${REFRESH}/%e6%97`,
    '/contacts/%',
    '/contacts/%zz',
    '/contacts/%e6%97',
    '/v1/rosters/%ff',
  ])('%s', async (path) => {
    const answer = await rollcall.send(path)
    expect(answer.status).toBe(400)
    expect(answer.text).toMatch(/The path has a % that is not followed by two hexadecimal digits of UTF-8/)
  })
})

describe('nothing tells what the server is made of', () => {
  test.each([REFRESH, '/contacts/john', '/nowhere', '/health/live'])('%s', async (path) => {
    const { headers } = await rollcall.send(path)
    expect(headers['x-powered-by']).toBeUndefined()
    expect(headers.server).toBeUndefined()
  })
})

describe('GET /roster_admin/refresh/<username>', () => {
  const get = (name: string) => rollcall.send(`${REFRESH}/${name}`)

  test('refreshes one user, and says so in two fields', async () => {
    backend.rosters.set('single', { 'a@example.org': {} })
    const answer = await get('single')
    expect(answer.status).toBe(200)
    expect(answer.text).toBe('{"status":"ok","message":"roster update complete"}')
    backend.rosters.set('single', { 'b@example.org': {} })
    await get('single')
    expect(Object.keys((await rollcall.send('/contacts/single')).json())).toEqual(['b@example.org'])
  })

  test.each([
    ['a%23b', 'a#b'],
    ['a%252fb', 'a%2fb'],
    ['%E6%97%A5%E6%9C%AC', '日本'],
    ['__proto__', '__proto__'],
    ['JOHN@LOCALHOST', 'john'],
  ])('%s is the user %s', async (encoded, username) => {
    expect((await get(encoded)).status).toBe(200)
    expect(backend.requests.at(-1)?.username).toBe(username)
  })

  test.each([
    ['%2e%2e', 'username-invalid'],
    ['a%2Fb', 'username-invalid'],
    ['a%20b', 'username-invalid'],
    ['john@elsewhere.example', 'domain-unknown'],
  ])('%s is an error', async (encoded, code) => {
    const answer = await get(encoded)
    expect(answer.status).toBe(500)
    expect(answer.json()).toEqual({ status: 'error', message: expect.stringContaining(code) })
  })

  test('says why a fetch failed', async () => {
    backend.set('strange', { kind: 'raw', body: '<html>' })
    const answer = await get('strange')
    expect(answer.status).toBe(500)
    expect(answer.json()).toEqual({ status: 'error', message: expect.stringMatching(/roster-invalid/) })
  })
})
