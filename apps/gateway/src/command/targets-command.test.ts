import { loadConfig, targetLog } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freshRedisUrl } from '../../../../test/support/fresh-redis.ts'
import { targetsCommand } from './targets-command.ts'

const config = loadConfig({
  cwd: '/nonexistent',
  env: {
    HTTP_ROSTER_URL: 'http://127.0.0.1/%s',
    XMPP_DOMAIN: 'example.org',
    TARGETS: JSON.stringify({
      hook: { type: 'webhook', url: 'http://127.0.0.1:1/', secret: `whsec_${Buffer.alloc(32).toString('base64')}` },
    }),
  },
})

let redis: Redis
beforeEach(async () => {
  redis = new Redis(await freshRedisUrl())
})
afterEach(() => redis.disconnect())

async function run(...argv: string[]): Promise<{ code: 0 | 1; printed: string }> {
  let printed = ''
  const code = await targetsCommand(argv, {
    config,
    redis,
    print: (text) => {
      printed += text
    },
    progress: () => {},
  })
  return { code, printed }
}

async function stateWas(ageMs: number): Promise<void> {
  await targetLog({ redis, target: 'hook', shard: 0 }).writeState({
    state: 'following',
    holder: 'gateway-1',
    at: new Date(Date.now() - ageMs).toISOString(),
    lagMs: 0,
    waiting: 0,
    delivered: 1,
    rejected: 0,
    owed: 0,
    writes: 0,
    drifted: 0,
  })
}

test('a target that a gateway serves is listed with its state', async () => {
  await stateWas(1_000)
  const { code, printed } = await run()
  expect(printed).toContain('following')
  expect(printed).not.toContain('not served')
  expect(code).toBe(0)
})

test('what no gateway has said for long is not told as if it were so now', async () => {
  await stateWas(120_000)
  const { code, printed } = await run()
  expect(printed).toContain('not served since: does a gateway run?')
  expect(code).toBe(1)
})

test('a target that was never served is told of as that', async () => {
  const { code, printed } = await run()
  expect(printed).toContain('never served: no gateway runs')
  expect(code).toBe(1)
})
