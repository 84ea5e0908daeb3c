import { setImmediate as turn } from 'node:timers/promises'
import type { User } from '@rollcall/roster'
import { createLog, loadConfig } from '@rollcall/runtime'
import { afterEach, expect, test } from 'vitest'
import { userNamed } from '../../../test/support/gateway.ts'
import { type Deliveries, deliveries } from './deliveries.ts'
import { type NotifyTarget, TargetError } from './targets/target.ts'
import { type TaskResult, URGENCY } from './tasks.ts'

const [config] = loadConfig({
  cwd: '/nonexistent',
  env: {
    HTTP_ROSTER_URL: 'http://127.0.0.1/%s',
    XMPP_DOMAIN: 'example.org',
    TARGETS: JSON.stringify({
      hook: {
        type: 'webhook',
        url: 'http://127.0.0.1:1/',
        secret: `whsec_${Buffer.alloc(32).toString('base64')}`,
        backoffMs: 50,
        maxBackoffMs: 50,
      },
    }),
  },
}).targets
if (!config) throw new Error('There is no target')
const settings = config

let opened: Deliveries | undefined
afterEach(() => opened?.close())

/** What is brought to a target of the test's own, until the end of it. */
function deliveriesTo(target: Partial<NotifyTarget>, serves: (user: User) => boolean = () => true): Deliveries {
  opened = deliveries({
    config: settings,
    target: { kind: 'notify', batchSize: 1, notify: async () => [null], close: async () => {}, ...target },
    ownership: { kind: 'all' },
    store: { read: async () => null, isGone: async () => false },
    serves,
    owe: async () => {},
    compare: async () => {},
    record: async () => {},
    log: createLog({ level: 'silent', name: 'test' }),
  })
  return opened
}

function bring(to: Deliveries, name: string): Promise<TaskResult> {
  return new Promise((resolve) => {
    const common = {
      at: 0,
      version: 1,
      change: null,
      urgency: URGENCY.change,
      compareOnly: false,
      attempts: 0,
      alone: false,
    }
    to.add({ ...common, user: userNamed(name), id: name, ended: [resolve] })
  })
}

const unreachable = new TargetError('target-unreachable', 'away')

test('a target that is away is tried by one at a time, however late deliveries fail', async () => {
  let isAway = false
  let checking = 0
  let most = 0
  let checks = 0
  const failLater: (() => void)[] = []
  const to = deliveriesTo({
    async check() {
      if (!isAway) return
      checks++
      most = Math.max(most, ++checking)
      failLater.shift()?.()
      failLater.shift()?.()
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 10))
      checking--
      throw unreachable
    },
    async notify() {
      if (isAway) await new Promise<void>((resolve) => failLater.push(resolve))
      if (isAway) throw unreachable
      return [null]
    },
  })
  expect(await bring(to, 'first')).toBe('arrived')
  isAway = true
  for (let i = 0; i < settings.concurrency; i++) void bring(to, `user${i}`)
  await expect.poll(() => failLater.length).toBe(settings.concurrency)
  failLater.shift()?.()
  await expect.poll(() => checks).toBeGreaterThan(4)
  expect(most).toBe(1)
})

test('what began before a target asked to be left alone, and arrives, does not end the pause', async () => {
  const told: string[] = []
  let arriveLate = (): void => {}
  const to = deliveriesTo({
    async notify([change]) {
      const name = change?.user.username ?? ''
      told.push(name)
      if (name === 'late') await new Promise<void>((resolve) => (arriveLate = resolve))
      if (name === 'full') throw new TargetError('target-overloaded', '429', { retryAfterMs: 60_000 })
      return [null]
    },
  })
  await bring(to, 'first')
  const late = bring(to, 'late')
  void bring(to, 'full')
  await expect.poll(() => to.state().nextAttemptAt).toEqual(expect.any(String))
  void bring(to, 'next')
  arriveLate()
  expect(await late).toBe('arrived')
  for (let i = 0; i < 50; i++) await turn()
  expect(to.state().nextAttemptAt).toEqual(expect.any(String))
  expect(told).toEqual(['first', 'late', 'full'])
})

test('who is served by another gateway is not told of by this one', async () => {
  const told: string[] = []
  const to = deliveriesTo(
    {
      batchSize: 10,
      async notify(changes) {
        told.push(...changes.map(({ user }) => user.username))
        return changes.map(() => null)
      },
    },
    ({ username }) => username !== 'john',
  )
  expect(await Promise.all(['aaron', 'john', 'marie'].map((name) => bring(to, name)))).toEqual([
    'arrived',
    'dropped',
    'arrived',
  ])
  expect(told).toEqual(['aaron', 'marie'])
})
