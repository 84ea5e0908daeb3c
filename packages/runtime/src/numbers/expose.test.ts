import { expect, test } from 'vitest'
import { expose } from './expose.ts'
import { joinExpositions } from './join-expositions.ts'
import { recorder } from './recorder.ts'

test('counts, times and what is measured are told as Prometheus reads them', async () => {
  const numbers = recorder('worker')
  const settled = numbers.counter('usersSettled', { domain: 'example.org', outcome: 'changed' })
  const took = numbers.times('fetchTime', { domain: 'example.org' })
  numbers.reading('jobsInHand', () => [{ labels: {}, value: 7 }])
  settled.n += 3
  took.record(4)
  took.record(5_000_000)
  const text = await expose(numbers, '1.2.3').text()
  const lines = text.split('\n')
  expect(lines).toContain('rollcall_info{role="worker",version="1.2.3"} 1')
  expect(lines).toContain('rollcall_users_settled_total{domain="example.org",outcome="changed"} 3')
  expect(lines).toContain('rollcall_jobs_in_hand 7')
  expect(lines).toContain('rollcall_fetch_seconds_bucket{domain="example.org",le="0.0025"} 0')
  expect(lines).toContain('rollcall_fetch_seconds_bucket{domain="example.org",le="0.004"} 1')
  expect(lines).toContain('rollcall_fetch_seconds_bucket{domain="example.org",le="600"} 1')
  expect(lines).toContain('rollcall_fetch_seconds_bucket{domain="example.org",le="+Inf"} 2')
  expect(lines).toContain('rollcall_fetch_seconds_count{domain="example.org"} 2')
  expect(lines).toContain('rollcall_fetch_seconds_sum{domain="example.org"} 5000.004')
  expect(text).toMatch(/^nodejs_eventloop_lag_seconds /m)
  expect(text).not.toMatch(/^rollcall_(reads|target)/m)
})

test('what the list of metrics does not have, no process has', () => {
  const numbers = recorder('worker')
  expect(() => numbers.counter('reads', { result: 'stored' })).toThrow(
    'rollcall_reads_total is no metric of the worker',
  )
  expect(() => numbers.counter('retries', { user: 'john' })).toThrow('has the labels domain, and not user')
})

test('of several texts each name is described once, and all its samples stand together', () => {
  const own = '# HELP a_total Own\n# TYPE a_total counter\na_total 1\n'
  const ofShard = (shard: number) =>
    `# HELP b Of a queue\n# TYPE b gauge\nb{shard="${shard}"} ${shard}\n# HELP c_total C\n# TYPE c_total counter\nc_total{shard="${shard}"} 5`
  expect(joinExpositions([own, ofShard(0), ofShard(1)])).toBe(
    [
      '# HELP a_total Own',
      '# TYPE a_total counter',
      'a_total 1',
      '',
      '# HELP b Of a queue',
      '# TYPE b gauge',
      'b{shard="0"} 0',
      'b{shard="1"} 1',
      '',
      '# HELP c_total C',
      '# TYPE c_total counter',
      'c_total{shard="0"} 5',
      'c_total{shard="1"} 5',
      '',
    ].join('\n'),
  )
})
