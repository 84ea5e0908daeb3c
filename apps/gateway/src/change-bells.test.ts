import { describe, expect, test } from 'vitest'
import { contact, gatewayWorldOfTest, userNamed } from '../../../test/support/gateway.ts'
import { changeBells } from './change-bells.ts'

const world = gatewayWorldOfTest()

const LONG_MS = 60_000
const never = new AbortController().signal

describe('bells of a change log', () => {
  test('ring for everybody who follows the shard, once for what is new', async () => {
    await world.change(userNamed('john'), [contact('aaron')])
    const bells = changeBells({ redis: world.redis, pollMs: 10 })
    const [first, second] = [bells.of(0), bells.of(0)]
    await Promise.all([first.wait(LONG_MS, never), second.wait(LONG_MS, never)])
    first.quiet()
    const waited = first.wait(100, never).then(() => performance.now())
    const asked = performance.now()
    expect((await waited) - asked).toBeGreaterThan(90)
    await world.change(userNamed('john'), [contact('marie')])
    await first.wait(LONG_MS, never)
    for (const bell of [first, second]) bell.close()
  })

  test('ring at once for who was not listening at that moment', async () => {
    const bell = changeBells({ redis: world.redis, pollMs: 10 }).of(0)
    await world.change(userNamed('john'), [contact('aaron')])
    await bell.wait(LONG_MS, never)
    await bell.wait(LONG_MS, never) // nobody has said that he has looked since
    bell.close()
  })

  test('are waited for until the time is up, or the one who waits is stopped', async () => {
    const bell = changeBells({ redis: world.redis, pollMs: 10 }).of(0)
    await bell.wait(1, never)
    const stopped = new AbortController()
    const waiting = bell.wait(LONG_MS, stopped.signal)
    stopped.abort()
    await waiting
    await bell.wait(LONG_MS, stopped.signal)
    bell.close()
  })

  test('one look serves all who follow the shard, and none is made for nobody', async () => {
    let looks = 0
    const counted = new Proxy(world.redis, {
      get: (redis, name) => {
        if (name !== 'xread') return Reflect.get(redis, name, redis)
        looks++
        return redis.xread.bind(redis)
      },
    })
    const bells = changeBells({ redis: counted, pollMs: 50 })
    const all = Array.from({ length: 20 }, () => bells.of(0))
    await expect.poll(() => looks).toBeGreaterThan(2)
    for (const bell of all) bell.close()
    await all[0]?.wait(100, never)
    const before = looks
    await all[0]?.wait(200, never)
    expect({ before: before < 20, after: looks - before }).toEqual({ before: true, after: 0 })
  })
})
