import { createLog, startTracing, type Tracing } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { startBackend, type TestBackend } from '../support/backend.ts'
import { drawTrace, type OtlpCollector, startOtlpCollector } from '../support/otlp-collector.ts'
import { ASKED_ONCE, type Rollcall, startRollcall } from '../support/rollcall.ts'

let collector: OtlpCollector
let backend: TestBackend
let rollcall: Rollcall
let tracing: Tracing

beforeAll(async () => {
  collector = await startOtlpCollector()
  backend = await startBackend()
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url)
  vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=test')
  const log = createLog({ level: 'silent', name: 'test' })
  const started = await startTracing({ name: 'test', version: '0', env: process.env, log })
  if (started === undefined) throw new Error('tracing is off')
  tracing = started
  rollcall = await startRollcall({
    rosterUrl: backend.template,
    tracing,
    env: {
      RETRY_BACKOFF_MS: '50',
      // However slow the machine is: a fetch that takes long would leave its place to the next.
      WORKER_CONCURRENCY: '2',
      SLOW_LANE: '0',
      ...ASKED_ONCE,
    },
  })
})

beforeEach(async () => {
  await tracing.flush()
  collector.forget()
})

afterAll(async () => {
  await rollcall.stop()
  await backend.close()
  await collector.close()
  vi.unstubAllEnvs()
})

/** The spans of what has ended by now: a span ends after the answer that it is about. */
async function collected(spans: number) {
  await expect
    .poll(async () => {
      await tracing.flush()
      return collector.spans.length
    })
    .toBeGreaterThanOrEqual(spans)
  return collector.spans
}

test('a refresh is one trace: the notice, its jobs, what each asks of the backend, what each writes', async () => {
  await rollcall.refresh(['john', 'aaron'])
  const spans = await collected(8)
  expect(drawTrace(spans)).toEqual([
    'server POST /roster_admin/refresh',
    '  producer addBulk refresh',
    '    consumer process refresh',
    '      internal commit',
    '      client GET roster',
    '    consumer process refresh',
    '      internal commit',
    '      client GET roster',
  ])
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
  expect(spans.find(({ kind }) => kind === 'server')?.facts).toMatchObject({
    'http.response.status_code': 200,
    'rollcall.users': 2,
    'rollcall.updated': 2,
    'rollcall.errors': 0,
  })
})

test('a trace goes on from whoever sends the notice to the backend', async () => {
  const caller = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
  await rollcall.refresh(['wanderer'], { traceparent: `00-${caller.traceId}-${caller.spanId}-01` })
  const spans = await collected(5)
  const server = spans.find(({ kind }) => kind === 'server')
  const client = spans.find(({ kind }) => kind === 'client')
  expect(server).toMatchObject({ traceId: caller.traceId, parentSpanId: caller.spanId })
  const asked = backend.requests.find(({ username }) => username === 'wanderer')
  expect(asked?.headers.traceparent).toBe(`00-${caller.traceId}-${client?.spanId}-01`)
})

test('a notice whose sender does not want to be traced is in no trace', async () => {
  await rollcall.refresh(['shy'], { traceparent: '00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-00' })
  await rollcall.refresh(['bold'])
  expect(drawTrace(await collected(5))).toHaveLength(5)
  expect(backend.requests.find(({ username }) => username === 'shy')?.headers.traceparent).toBeUndefined()
})

test('every attempt of a job is in the trace, and why it failed without whom', async () => {
  backend.set('flaky', [500, { kind: 'good' }])
  await rollcall.refresh(['flaky'])
  const spans = await collected(8)
  expect(drawTrace(spans)).toEqual([
    'server POST /roster_admin/refresh',
    '  producer addBulk refresh',
    '    consumer process refresh',
    '      client GET roster',
    '      internal release',
    '    consumer process refresh',
    '      internal commit',
    '      client GET roster',
  ])
  const failed = spans.filter(({ isError }) => isError)
  expect(failed.map(({ name }) => name).sort()).toEqual(['GET roster', 'process refresh'])
  expect(failed.find(({ kind }) => kind === 'client')?.facts).toMatchObject({
    'error.type': 'backend-status',
    'http.response.status_code': 500,
    'rollcall.domain': 'localhost',
  })
})

test('of a large refresh the first users are traced, and the jobs of the others carry nothing', async () => {
  const users = Array.from({ length: 260 }, (_, i) => `crowd${i}`)
  const { body } = await rollcall.refresh(users)
  expect(body.updated).toBe(users.length)
  const spans = await collected(1 + 2 + 100 * 3)
  const of = (kind: string) => spans.filter((span) => span.kind === kind).length
  expect({ jobs: of('consumer'), requests: of('client'), writes: of('internal'), calls: of('producer') }).toEqual({
    jobs: 100,
    requests: 100,
    writes: 100,
    calls: 2,
  })
  const asked = backend.requests.filter(({ username }) => username.startsWith('crowd'))
  expect(asked.filter(({ headers }) => headers.traceparent !== undefined)).toHaveLength(100)
})

test('a login that has to be fetched is a trace, one that is served from the store is none', async () => {
  await rollcall.send('/contacts/newcomer')
  const spans = await collected(5)
  expect(drawTrace(spans)).toEqual([
    'server GET /contacts/:username',
    '  producer addBulk refresh',
    '    consumer process refresh',
    '      internal commit',
    '      client GET roster',
  ])
  collector.forget()
  await rollcall.send('/contacts/newcomer')
  await rollcall.send('/contacts/another')
  expect(drawTrace(await collected(5))).toHaveLength(5)
})

test('what an operator asks for is a trace, too', async () => {
  backend.set('broken', [400, { kind: 'good' }])
  await rollcall.refresh(['broken'])
  await collected(5)
  collector.forget()
  const retried = await rollcall.send('/ops/api/failures/retry', { method: 'POST', body: '{}' })
  expect(retried.json().users).toBe(1)
  expect(drawTrace(await collected(5))).toEqual([
    'server POST /ops/api/failures/retry',
    '  producer addBulk refresh',
    '    consumer process refresh',
    '      internal commit',
    '      client GET roster',
  ])
})

test('a job is in one trace: of whoever asked first while the user waits, of whoever asked last while he is fetched', async () => {
  const spansOf = (who: number) => collector.spans.filter(({ traceId }) => traceId === String(who).repeat(32)).length
  const asks = async (who: number, username: string) => {
    const traceparent = `00-${String(who).repeat(32)}-b7ad6b7169203331-01`
    const answered = rollcall.refresh([username], { traceparent })
    await expect.poll(() => tracing.flush().then(() => spansOf(who))).toBe(1) // it is in the queue
    return { answered }
  }
  const held = ['fetched', 'busy'].map((username) => backend.hold(username))
  const answers = [await asks(1, 'fetched')]
  await backend.arrived('fetched')
  answers.push(await asks(2, 'fetched'), await asks(3, 'fetched'), await asks(4, 'busy'))
  await backend.arrived('busy') // no place is left in the worker
  answers.push(await asks(5, 'waits'), await asks(6, 'waits'))
  for (const one of held) one.release()
  await Promise.all(answers.map(({ answered }) => answered))
  await collected(4 * 5 + 2 * 2)
  expect([1, 2, 3, 4, 5, 6].map(spansOf)).toEqual([5, 2, 5, 5, 5, 2])
})

test('no username leaves Rollcall, and nothing but traces of refreshes does', async () => {
  backend.set('unfortunate', [404])
  backend.set('mangled', [{ kind: 'raw', body: '{"victim@":{}}' }])
  await rollcall.refresh(['unfortunate', 'mangled'])
  await rollcall.send('/roster_admin/refresh/unfortunate')
  await collected(13)
  const said = collector.texts.join('\n')
  expect(said).toContain('deployment.environment.name')
  expect(said).not.toMatch(/unfortunate|mangled|victim/)
  expect(new Set(collector.spans.map(({ name }) => name))).toEqual(
    new Set([
      'POST /roster_admin/refresh',
      'GET /roster_admin/refresh/:username',
      'addBulk refresh',
      'process refresh',
      'GET roster',
      'fail',
    ]),
  )
  expect(collector.strangers).toEqual([])
})

test('a job carries its trace, and one that nobody traces carries nothing', async () => {
  const redis = new Redis(rollcall.redisUrl)
  onTestFinished(() => redis.disconnect())
  const stored = async (username: string): Promise<string> => {
    const held = backend.hold(username)
    const answered = rollcall.refresh(
      [username],
      username === 'untraced' ? { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-00` } : {},
    )
    await backend.arrived(username)
    const [id] = await redis.lrange('rollcall:{0}:refresh:active', 0, -1)
    const job = await redis.hget(`rollcall:{0}:refresh:${id}`, 'opts')
    held.release()
    await answered
    return job ?? ''
  }
  expect(await stored('untraced')).not.toMatch(/tm|traceparent/)
  expect(await stored('traced')).toContain('traceparent')
})
