import { beforeAll, describe, expect, test } from 'vitest'
import { rollcallOfFile } from '../support/rollcall.ts'

const { rollcall } = await rollcallOfFile({ env: { SHARDS: '2' } })

beforeAll(() => rollcall.refresh(['john']))

/** Of the api as it runs: one that is added is looked at too. */
const reads = () =>
  rollcall.api.opsRoutes
    .filter(({ method, path }) => method === 'get' && !path.endsWith('/live'))
    .map(({ path }) => placed(path))
const placed = (path: string): string => path.replace(':jid', 'john').replace(':shard', '0').replace(':id', '1')

async function ask(path: string) {
  const answer = await rollcall.send(`/ops/api${path}`)
  return { path, status: answer.status, type: answer.headers['content-type'], detail: answer.json().detail }
}

const PROBLEM = 'application/problem+json; charset=utf-8'
const NAMES = 'prefix domain after before limit state caller code user at range'.split(' ')
const OWN_PAGE = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }
const BODIES = [
  ...['', ' ', 'null', 'true', '0', '-1', '1e999', '"text"', '[]', '[[]]', '{', '{}', '{"a":1}', '\ufeff{}', '\u0000'],
  ...['{"domain":5}', '{"domain":"*"}', '{"domain":"a b"}', '{"code":"none"}', '{"code":{}}', '{"__proto__":{"a":1}}'],
  ...['{"globalConcurrency":-1}', '{"globalConcurrency":1e99}', '{"rateLimit":{"max":1,"durationMs":1e99}}'],
  ...[
    '{"name":"","rights":[],"domains":[]}',
    '{"name":"\ud800","rights":["view"],"domains":["*"]}',
    '{"held":"maybe"}',
  ],
  ...[`"${'x'.repeat(2 * 1024 * 1024)}"`, `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
]
const ODD = ['-1', '1.5', '1e9', 'NaN', '%00', '__proto__', '*', '../0', '%F0%9F%92%A9', '9'.repeat(400)]

describe('what is asked for in a way that nobody should is no error of ours', () => {
  test('names that are there twice are refused', async () => {
    for (const path of reads()) {
      const answer = await ask(`${path}?domain=a.example&domain=b.example`)
      expect(answer).toMatchObject({ status: 400, type: PROBLEM, detail: expect.stringContaining('?domain= is there') })
    }
  })

  test.each(NAMES)('values of ?%s= that are none are refused, or find nothing', async (name) => {
    for (const path of reads())
      for (const value of ODD) {
        const { status } = await ask(`${path}?${name}=${value}`)
        expect([200, 400, 404], `${path}?${name}=${value}`).toContain(status)
      }
  })

  test('places in a path that nothing has are refused, or not found', async () => {
    for (const { method, path } of rollcall.api.opsRoutes) {
      if (!path.includes(':') || path.endsWith('/live')) continue
      for (const value of [
        ...ODD,
        '%20',
        '%2F..%2F',
        '%22%7B0%7D%22',
        'all',
        'a@b@c',
        '%E2%80%AE',
        'x'.repeat(5_000),
      ]) {
        const odd = path.replace(/:\w+/, value).replace(/:\w+/, value)
        const { status } = await rollcall.send(`/ops/api${odd}`, {
          method: method.toUpperCase(),
          body: '{}',
          headers: OWN_PAGE,
        })
        expect([200, 202, 204, 400, 404, 409], `${method} ${odd}`).toContain(status)
      }
    }
  })

  test('bodies that are none are refused', async () => {
    for (const { method, path } of rollcall.api.opsRoutes) {
      if (method === 'get' || path === '/queues/:shard/pause') continue
      const sent = placed(path)
      for (const body of BODIES) {
        const { status } = await rollcall.send(`/ops/api${sent}`, {
          method: method.toUpperCase(),
          body,
          headers: OWN_PAGE,
        })
        expect([200, 201, 202, 204, 400, 404, 409, 413], `${method} ${sent} ${body.slice(0, 50)}`).toContain(status)
      }
    }
  })

  test('a path that cannot be read is called so', async () => {
    expect(await ask('/users/%zz')).toMatchObject({ status: 400, type: PROBLEM, detail: expect.stringMatching(/path/) })
  })

  test('no other key of a queue is taken for a job', async () => {
    for (const key of ['meta', 'wait', 'active', 'prioritized', 'events', 'id', 'stalled-check'])
      expect(await ask(`/queues/0/jobs/${key}`)).toMatchObject({ status: 404, type: PROBLEM })
  })
})
