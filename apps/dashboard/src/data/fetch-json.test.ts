import { afterEach, describe, expect, test, vi } from 'vitest'
import { ApiError } from './api-error.ts'
import { fetchJson, pathOf, queryOf } from './fetch-json.ts'

afterEach(() => void vi.unstubAllGlobals())

function answeredBy(answer: (url: string, init: RequestInit) => Response | Promise<Response>) {
  const fetch = vi.fn(async (url: string, init: RequestInit) => answer(url, init))
  vi.stubGlobal('fetch', fetch)
  return fetch
}

const failureOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('asking the api', () => {
  test('sends JSON and gives the answer', async () => {
    const fetch = answeredBy(() => Response.json({ token: 'abc' }))
    const answer = await fetchJson('/tokens', {
      method: 'POST',
      body: { name: 'a' },
      query: { at: 0, none: undefined },
    })
    expect(answer).toEqual({ token: 'abc' })
    expect(fetch.mock.calls[0]).toMatchObject([
      '/ops/api/tokens?at=0',
      { method: 'POST', body: '{"name":"a"}', headers: { 'content-type': 'application/json' } },
    ])
  })

  test('an answer without a body is undefined', async () => {
    answeredBy(() => new Response(null, { status: 204 }))
    expect(await fetchJson('/session', { method: 'DELETE' })).toBeUndefined()
  })

  test('a refusal says what the api says', async () => {
    const problem = { title: 'Not allowed', status: 403, detail: '“a” has no right to operate' }
    answeredBy(() => Response.json(problem, { status: 403 }))
    expect(await failureOf(fetchJson('/x'))).toMatchObject({
      status: 403,
      title: 'Not allowed',
      message: '“a” has no right to operate',
    })
  })

  test("a proxy's page is told by its status", async () => {
    answeredBy(() => new Response('<html>', { status: 502, statusText: 'Bad Gateway' }))
    expect(await failureOf(fetchJson('/x'))).toMatchObject({ status: 502, title: 'Bad Gateway' })
  })

  test('a page instead of JSON is an error, too', async () => {
    answeredBy(() => new Response('<html>'))
    expect(await failureOf(fetchJson('/x'))).toBeInstanceOf(ApiError)
  })

  test('nobody who answers is told in words', async () => {
    answeredBy(() => Promise.reject(new TypeError('Failed to fetch')))
    expect(await failureOf(fetchJson('/x'))).toMatchObject({ status: 0, title: 'The api does not answer' })
  })

  test('an answer that does not come is not waited for', async () => {
    answeredBy(neverAnswers)
    const title = 'The api has not answered in time'
    expect(await failureOf(fetchJson('/x', { withinMs: 20 }))).toMatchObject({ status: 0, title })
  })

  test('whoever asked and left is not told of an error of the api', async () => {
    answeredBy(neverAnswers)
    const leaving = new AbortController()
    const asked = failureOf(fetchJson('/x', { signal: leaving.signal }))
    leaving.abort()
    expect(await asked).not.toBeInstanceOf(ApiError)
  })

  test('paths and queries are encoded', () => {
    expect(pathOf('users', 'a/b?c@example.org', 'drop')).toBe('/users/a%2Fb%3Fc%40example.org/drop')
    expect(queryOf({ prefix: 'a&b', domain: '', after: undefined, at: 0 })).toBe('?prefix=a%26b&at=0')
    expect(queryOf()).toBe('')
  })
})

const neverAnswers = (_url: string, { signal }: RequestInit): Promise<Response> =>
  new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
