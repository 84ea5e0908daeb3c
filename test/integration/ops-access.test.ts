import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, send } from '../support/http.ts'
import { type Ask, askAt, detailOf } from '../support/ops-api.ts'
import { actor, app, ofOne, operator, rollcallOfCast, viewer } from '../support/ops-cast.ts'
import { type Rollcall, startRollcall } from '../support/rollcall.ts'
import { bearer } from '../support/tokens.ts'

const { backend, rollcall, ask, own, logIn, auditLog } = await rollcallOfCast()

/** Something at the path of a route. */
const pathTo = (path: string) => path.replace(/:[a-zA-Z]+|\*[a-zA-Z]+/g, 'x')

describe('a route that writes', () => {
  /** Of the api as it runs: one that is added is looked at too. */
  const writes = () => rollcall.api.opsRoutes.filter(({ method }) => method !== 'get')
  const eachWrite = async (headers: Record<string, string>) =>
    Promise.all(
      writes().map(async ({ method, path, action }) => {
        const answer = await ask(pathTo(path), {
          method: method.toUpperCase(),
          headers,
          ...(method !== 'delete' && { json: {} }),
        })
        return { action, status: answer.status, why: detailOf(answer) }
      }),
    )
  const all = (status: number, why: RegExp) =>
    writes().map(({ action }) => ({ action, status, why: expect.stringMatching(why) }))

  test('there are some', () => expect(writes().length).toBeGreaterThan(1))

  test('is refused to who may only view, and the audit log has that', async () => {
    expect(await eachWrite(bearer(viewer))).toEqual(all(403, /^"victor" has no right to operate$/))
    const refused = (await auditLog()).filter(({ who }) => who === 'victor')
    expect(refused.map(({ action }) => action).toSorted()).toEqual(
      writes()
        .map(({ action }) => action)
        .toSorted(),
    )
    expect(new Set(refused.map(({ result }) => result))).toEqual(new Set(['refused']))
  })

  test('is refused to nobody', async () => {
    expect(await eachWrite({})).toEqual(all(401, /^Nobody is logged in/))
    expect(await eachWrite({ authorization: 'Bearer rc_abcd_wrong' })).toEqual(all(401, /not known/))
  })

  test('is refused to a page of another site, in the browser of who is logged in', async () => {
    const { cookie } = await logIn(operator)
    for (const foreign of [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost:1' },
      { 'sec-fetch-site': 'same-site' },
    ])
      expect(await eachWrite({ cookie, ...(foreign as Record<string, string>) })).toEqual(all(403, /another origin/))
    expect(await eachWrite({ cookie })).toEqual(all(403, /send a token instead/))
    const basic = `Basic ${Buffer.from(`x:${operator.token}`).toString('base64')}`
    expect(await eachWrite({ authorization: basic, origin: 'https://evil.example' })).toEqual(
      all(403, /another origin/),
    )
  })
})

test('a route that reads is refused to nobody, and to who may not view', async () => {
  const reads = rollcall.api.opsRoutes.filter(({ method }) => method === 'get')
  expect(reads.length).toBeGreaterThan(10)
  const statuses = (headers: Record<string, string>) =>
    Promise.all(reads.map(async ({ path }) => [path, (await ask(pathTo(path), { headers })).status]))
  expect(await statuses({})).toEqual(reads.map(({ path }) => [path, 401]))
  for (const token of [app, actor]) expect(await statuses(bearer(token))).toEqual(reads.map(({ path }) => [path, 403]))
})

test('/metrics is for who may view all domains', async () => {
  const scrape = async (headers: Record<string, string>) => (await rollcall.send('/metrics', { headers })).status
  expect(await scrape(bearer(viewer))).toBe(200)
  for (const token of [app, actor, ofOne]) expect(await scrape(bearer(token))).toBe(403)
  expect(await scrape({})).toBe(401)
})

test('pages of CORS_ORIGINS may use the rest of the api, and not the dashboard', async () => {
  const { url } = await rollcall.startApi({ CORS_ORIGINS: 'https://app.example' })
  const headers = { ...bearer(app), origin: 'https://app.example' }
  const allowed = (answer: Answer) => answer.headers['access-control-allow-origin']
  expect(allowed(await send(`${url}/v1/refreshes/x`, { headers }))).toBe('https://app.example')
  const preflight = { ...headers, 'access-control-request-method': 'GET' }
  for (const options of [{ headers }, { headers: preflight, method: 'OPTIONS' }])
    for (const path of ['/ops/api/session', '/OPS/api/session'])
      expect(allowed(await send(url + path, options))).toBeUndefined()
})

describe('without tokens', () => {
  let open: Rollcall
  beforeAll(async () => {
    open = await startRollcall({ rosterUrl: backend.template, workers: 0 })
  })
  afterAll(() => open.stop())
  const askOpen = (path: string, options?: Ask) => askAt(open.api.url, path, options)
  const make = (headers: Record<string, string>, name: string) =>
    askOpen('/tokens', { method: 'POST', headers, json: { name, rights: ['view'], domains: '*' } })

  test('whoever is on this machine may do everything, and logs in nowhere', async () => {
    expect((await askOpen('/session')).json()).toMatchObject({
      name: 'loopback',
      by: 'loopback',
      rights: ['view', 'operate'],
    })
    expect((await make({}, 'curl')).status).toBe(201)
    expect((await make(own(open.api.url), 'page')).status).toBe(201)
    const login = await askOpen('/session', {
      method: 'POST',
      headers: own(open.api.url),
      json: { token: viewer.token },
    })
    expect(login.status).toBe(409)
  })

  test('but no page of another origin may, of this machine or not', async () => {
    for (const origin of [
      'https://evil.example',
      'http://localhost:3000',
      `http://localhost:${new URL(open.api.url).port}`,
    ])
      expect((await make({ origin }, 'evil')).status).toBe(403)
    expect((await make({ host: 'evil.example', origin: 'http://evil.example' }, 'evil')).status).toBe(403)
    expect((await askOpen('/session', { headers: { origin: 'https://evil.example' } })).status).toBe(403)
  })

  test('a token made at run time changes nothing about that', async () => {
    expect((await make({}, 'first')).status).toBe(201)
    expect((await askOpen('/session')).status).toBe(200)
    expect((await open.send('/v1/refreshes/00000000-0000-4000-8000-000000000000')).status).toBe(404)
  })
})
