import { beforeAll, describe, expect, test } from 'vitest'
import { exchange, type SendOptions, send } from '../support/http.ts'
import { rollcallOfFile } from '../support/rollcall.ts'

// Without tokens whoever reaches loopback may use the api: and every web page that somebody here looks at reaches it.
const { backend, rollcall } = await rollcallOfFile({ env: { XMPP_DOMAIN: 'chat.example' } })

const ENDPOINTS: readonly (readonly [path: string, options: SendOptions])[] = [
  ['/roster_admin/refresh', { method: 'POST', body: '["john"]' }],
  ['/roster_admin/refresh/john', {}],
  ['/contacts/john', {}],
  ['/contacts/john', { method: 'HEAD' }],
  ['/v1/rosters/john', {}],
]

const askAll = (headers: Record<string, string>, url = rollcall.api.url) =>
  Promise.all(ENDPOINTS.map(([path, options]) => send(url + path, { ...options, headers })))

describe('a request that a web page could have sent is refused', () => {
  test.each<[what: string, headers: Record<string, string>]>([
    ['a name of its own that leads to this machine', { host: 'evil.example' }],
    ['such a name with our port', { host: 'evil.example:8080' }],
    ['a name that only begins like ours', { host: 'localhost.evil.example' }],
    ['an address of the network', { host: '192.168.0.1' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['an origin that hides itself', { origin: 'null' }],
    ['an origin that only begins like ours', { origin: 'http://localhost.evil.example' }],
    ['the domain as an origin', { origin: 'https://chat.example' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another port of this machine', { 'sec-fetch-site': 'same-site' }],
  ])('%s', async (_what, headers) => {
    const asked = backend.requests.length
    for (const answer of await askAll(headers)) {
      expect(answer.status).toBe(403)
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    }
    expect(backend.requests.length).toBe(asked)
  })

  test('no Host at all', async () => {
    const text = await exchange(rollcall.api.url, 'GET /contacts/john HTTP/1.0\r\n\r\n')
    expect(text).toMatch(/^HTTP\/1\.1 403 /)
  })

  test('the message says how to make a token', async () => {
    const answer = await rollcall.send('/contacts/john', { headers: { host: 'evil.example' } })
    expect(answer.json().message).toMatch(/npm run token/)
  })
})

describe('a request from this machine is taken', () => {
  test.each<[what: string, headers: Record<string, string>]>([
    ['localhost', { host: 'localhost:8080' }],
    ['LOCALHOST', { host: 'LOCALHOST' }],
    ['127.0.0.1', { host: '127.0.0.1' }],
    ['[::1]', { host: '[::1]:8080' }],
    ['the configured domain', { host: 'chat.example' }],
    ['the configured domain with a port', { host: 'CHAT.example:8080' }],
    ['our own page', { origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' }],
    ['typed into the address bar', { 'sec-fetch-site': 'none' }],
  ])('%s', async (_what, headers) => {
    for (const answer of await askAll(headers)) expect(answer.status).toBe(200)
  })
})

describe('without configured origins no answer lets a page of another origin read it', () => {
  test.each([{}, { origin: 'http://localhost:3000' }, { origin: 'https://evil.example' }])('%o', async (headers) => {
    for (const answer of await askAll(headers)) {
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([])
    }
    for (const path of ['/roster_admin/refresh', '/contacts/john', '/v1/rosters/john']) {
      const preflight = await rollcall.send(path, {
        method: 'OPTIONS',
        headers: { ...headers, 'access-control-request-method': 'POST' },
      })
      expect(preflight.status).toBeGreaterThanOrEqual(400)
      expect(Object.keys(preflight.headers).filter((name) => name.startsWith('access-control-'))).toEqual([])
    }
  })
})

describe('a configured origin', () => {
  const ORIGIN = 'https://app.example'
  let url: string

  beforeAll(async () => {
    url = (await rollcall.startApi({ CORS_ORIGINS: `${ORIGIN},https://second.example` })).url
  })

  test('may send and read', async () => {
    for (const origin of [ORIGIN, 'https://second.example']) {
      for (const answer of await askAll({ origin, 'sec-fetch-site': 'cross-site' }, url)) {
        expect(answer.status).toBe(200)
        expect(answer.headers['access-control-allow-origin']).toBe(origin)
        expect(answer.headers.vary).toMatch(/\bOrigin\b/)
      }
    }
  })

  test.each(['/roster_admin/refresh', '/contacts/john', '/v1/rosters/john', '/v1/refreshes/x'])(
    'may ask %s whether it may',
    async (path) => {
      const answer = await send(url + path, {
        method: 'OPTIONS',
        headers: {
          origin: ORIGIN,
          'access-control-request-method': 'GET',
          'access-control-request-headers': 'authorization,if-none-match',
        },
      })
      expect(answer.status).toBe(204)
      expect(answer.headers['access-control-allow-origin']).toBe(ORIGIN)
      expect(answer.headers['access-control-allow-headers']).toBe('authorization,if-none-match')
    },
  )

  test('may see where a refresh goes on, and of which state a roster is', async () => {
    for (const answer of await askAll({ origin: ORIGIN }, url)) {
      const exposed = String(answer.headers['access-control-expose-headers']).toLowerCase().split(',')
      expect(exposed).toEqual(expect.arrayContaining(['location', 'etag', 'age']))
    }
  })

  test('sees why it is refused', async () => {
    const answer = await send(`${url}/contacts/a%20b`, { headers: { origin: ORIGIN } })
    expect(answer.status).toBe(400)
    expect(answer.headers['access-control-allow-origin']).toBe(ORIGIN)
  })

  test('is the only one', async () => {
    for (const answer of await askAll({ origin: 'https://evil.example' }, url)) {
      expect(answer.status).toBe(403)
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    }
  })
})
