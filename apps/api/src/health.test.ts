import type { Domain } from '@rollcall/roster'
import type { HeardProcess } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { type HealthDeps, healthOf } from './health.ts'

const domain = 'example.org' as Domain
const deps = {
  redis: { isCluster: false },
  shards: 1,
  openUsers: { max: 100 },
  domains: new Set([domain]),
  targets: [
    { name: 'crm', type: 'webhook', domain },
    { name: 'prosody', type: 'prosody-refresh', domain },
  ],
} as unknown as HealthDeps
const alive = { host: 'one', pid: 1, intervalMs: 1_000, silentMs: 0, shards: 1 }

test('of a Redis that takes no heartbeats, nobody is called dead', () => {
  const silent = { ...alive, silentMs: 60_000 }
  const processes = ['worker', 'gateway'].map((role) => ({ ...silent, id: role, role })) as unknown as HeardProcess[]
  const notWritable = { shards: [0], reason: 'OOM' }
  for (const heard of [processes, []]) {
    const facts = { processes: heard, notWritable, open: 0, held: new Map(), paused: [] }
    expect(healthOf(facts, deps).troubles).toEqual([{ text: expect.stringMatching(/^Redis takes no writes/) }])
  }
})

test.each(['crm', 'prosody@10.0.0.1:5280'])('that %s takes nothing is said of its domain alone', (target) => {
  const silent = [{ target, shard: 0, isDisabled: false, waiting: 3, reason: 'It refused the connection' }]
  const processes = [
    { ...alive, id: 'worker-1', role: 'worker' },
    { ...alive, id: 'gateway-1', role: 'gateway', targets: [target], silent },
  ] as unknown as HeardProcess[]
  const facts = { processes, notWritable: null, open: 0, held: new Map(), paused: [] }
  expect(healthOf(facts, deps).troubles).toEqual([
    { text: expect.stringContaining(target), place: { view: 'processes', role: 'gateway' }, domain },
  ])
})
