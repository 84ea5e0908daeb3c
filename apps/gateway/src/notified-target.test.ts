import { describe, expect, test } from 'vitest'
import { contact, gatewayWorldOfTest, userNamed } from '../../../test/support/gateway.ts'
import { configured, receiver, WEBHOOK } from '../../../test/support/gateway-targets.ts'
import { TargetError } from './targets/target.ts'

const world = gatewayWorldOfTest()

const john = userNamed('john')

describe('a target that is notified', () => {
  test('is told what changed, in order; what came meanwhile is one change', async () => {
    let isAway = false
    const away = new TargetError('target-unreachable', 'away')
    const { told, target } = receiver(1, (changes) => {
      if (isAway) throw away
      return changes.map(() => null)
    })
    world.startGateway(configured({ hook: WEBHOOK }), () => target)
    await expect.poll(() => world.redis.exists('rollcall:{0}:lease:hook')).toBe(1)
    await world.change(john, [contact('aaron')])
    await expect.poll(() => told.length).toBe(1)
    isAway = true
    await world.change(john, [contact('aaron'), contact('marie')])
    await world.change(john, [contact('marie', { name: 'Marie' })])
    await expect.poll(() => world.redis.hget('rollcall:{0}:delivery:hook', 'state')).toContain('unavailable')
    isAway = false
    await expect.poll(() => told.length).toBe(2)
    expect(told[0]).toMatchObject({ version: 1, change: { added: [contact('aaron')], updated: [], removed: [] } })
    expect(told[1]).toMatchObject({
      version: 3,
      change: { added: [contact('marie', { name: 'Marie' })], updated: [], removed: ['aaron@example.org'] },
    })
  })

  test('G7: an entry that another version wrote in another way holds up none of those after it', async () => {
    const { told, target } = receiver(1, (changes) => changes.map(() => null))
    await world.change(userNamed('first'), [contact('aaron')])
    world.startGateway(configured({ hook: WEBHOOK }), () => target)
    await expect.poll(() => world.redis.exists('rollcall:{0}:delivery:hook')).toBe(1)
    await world.redis.xadd(world.keys.changes, '*', 'user', john.jid, 'version', '1', 'diff', '{"other":1}')
    await world.change(userNamed('marie'), [contact('aaron')])
    await expect
      .poll(() => told.map(({ user, change }) => [user.username, change === null]))
      .toEqual([
        ['john', true],
        ['marie', false],
      ])
  })

  test('G7: one change that it chokes on is told alone, and the others of its batch arrive', async () => {
    const { told, target } = receiver(10, (changes) => {
      if (changes.length > 1 && changes.some(({ user }) => user.username === 'bad'))
        throw new TargetError('target-timeout', 'one of them', { scope: 'user', isTemporary: true })
      return changes.map(({ user }) =>
        user.username === 'bad' ? new TargetError('target-refused', 'him', { scope: 'user' }) : null,
      )
    })
    await world.change(userNamed('first'), [contact('aaron')])
    world.startGateway(configured({ hook: { ...WEBHOOK, concurrency: 1 } }), () => target)
    await expect.poll(() => world.redis.exists('rollcall:{0}:delivery:hook')).toBe(1)
    for (const name of ['a', 'b', 'bad', 'c', 'd']) await world.change(userNamed(name), [contact('aaron')])
    await expect.poll(() => told.map(({ user }) => user.username).sort()).toEqual(['a', 'b', 'c', 'd'])
  })

  test('G6: is told of the first change of all, though the gateway that read it ends before it arrived', async () => {
    let isAway = true
    const { told, target } = receiver(1, (changes) => {
      if (isAway) throw new TargetError('target-unreachable', 'away')
      return changes.map(() => null)
    })
    const targets = configured({ hook: WEBHOOK })
    const gateway = world.startGateway(targets, () => target)
    await expect.poll(() => world.redis.hexists('rollcall:{0}:delivery:hook', 'state')).toBe(1)
    await world.change(john, [contact('aaron')])
    await expect.poll(() => gateway.states()[0]).toMatchObject({ state: 'unavailable', waiting: 1 })
    await gateway.stop()
    isAway = false
    world.startGateway(targets, () => target)
    await expect.poll(() => told.map(({ user }) => user.username)).toEqual(['john'])
  })
})
