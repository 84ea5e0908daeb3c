import { targetLog } from '@rollcall/runtime'
import { describe, expect, test } from 'vitest'
import { contact, gatewayWorldOfTest, memoryServer, userNamed } from '../../../test/support/gateway.ts'
import { configured, EJABBERD, expectAllOn } from '../../../test/support/gateway-targets.ts'
import type { Target } from './targets/target.ts'
import { TargetError } from './targets/target.ts'

const world = gatewayWorldOfTest()

const john = userNamed('john')

describe('a target that holds rosters', () => {
  test('is brought to what is stored, and only what differs is written', async () => {
    const server = memoryServer()
    world.startGateway(configured({ server: EJABBERD }), () => server.target())
    await world.change(john, [contact('aaron'), contact('marie')])
    await expectAllOn(world, server)
    await world.change(john, [contact('aaron', { name: 'Aaron' }), contact('marie')])
    await expectAllOn(world, server)
    await world.change(john, [contact('marie')])
    await expectAllOn(world, server)
    expect(server.writes).toEqual([
      'john put aaron@example.org',
      'john put marie@example.org',
      'john put aaron@example.org',
      'john remove aaron@example.org',
    ])
  })

  test('is told of what changed before it was configured', async () => {
    for (let i = 0; i < 250; i++) await world.change(userNamed(`user${i}`), [contact('aaron')])
    const server = memoryServer()
    world.startGateway(configured({ server: EJABBERD }), () => server.target())
    await expectAllOn(world, server)
  })

  test('is told when something changes, not only when it is time to look', async () => {
    const server = memoryServer()
    world.startGateway(configured({ server: EJABBERD }), () => server.target())
    await world.change(john, [contact('aaron')])
    await expectAllOn(world, server)
    const started = performance.now()
    for (let i = 0; i < 20; i++) {
      await world.change(john, [contact(`friend${i}`)])
      await expect.poll(() => server.rosters.get(john.jid)?.has(contact(`friend${i}`).jid), { interval: 5 }).toBe(true)
    }
    expect(performance.now() - started).toBeLessThan(10_000) // each took a second otherwise
  })

  test('of another domain is told nothing of this one', async () => {
    const server = memoryServer()
    world.startGateway(
      configured({ server: EJABBERD }).map((config) => ({ ...config, domain: 'other.example' as never })),
      () => server.target(),
    )
    await world.change(john, [contact('aaron')])
    await expect.poll(() => world.redis.hget('rollcall:{0}:delivery:server', 'position')).toMatch(/ \d{9,}-/)
    expect(server.attempts()).toBe(0)
  })

  test('contacts whose roster a removal touches are looked at again', async () => {
    const server = memoryServer()
    const target = server.target({ removalTouchesContact: true }) as Extract<Target, { kind: 'roster' }>
    const remove: typeof target.remove = async (user, jid, signal) => {
      await target.remove(user, jid, signal)
      server.rosters.get(jid)?.set(user.jid, { ...contact(user.username), subscription: 'none' })
    }
    world.startGateway(configured({ server: EJABBERD }), () => ({ ...target, remove }))
    await world.change(userNamed('aaron'), [contact('john')])
    await world.change(john, [contact('aaron')])
    await expectAllOn(world, server)
    await world.change(john, [])
    await expect.poll(() => server.writes).toContain('john remove aaron@example.org')
    await expectAllOn(world, server)
  })

  test('G6: contacts whom a removal touches are looked at again, though what is written after it is refused', async () => {
    const server = memoryServer()
    const target = server.target() as Extract<Target, { kind: 'roster' }>
    const owed: unknown[] = []
    const remove: typeof target.remove = async (user, jid, signal) => {
      owed.push(await world.redis.zscore('rollcall:{0}:owed:server', jid)) // known before, for the case of a crash
      await target.remove(user, jid, signal)
      server.rosters.get(jid)?.clear()
    }
    server.setFault((_, jid) =>
      jid?.startsWith('bad') ? new TargetError('target-refused', 'what a name', { scope: 'user' }) : undefined,
    )
    const gateway = world.startGateway(configured({ server: EJABBERD }), () => ({
      ...target,
      removalTouchesContact: true,
      remove,
    }))
    const aaron = userNamed('aaron')
    await world.change(aaron, [contact('john')])
    await world.change(john, [contact('aaron')])
    await expectAllOn(world, server)
    await world.change(john, [contact('bad')])
    await expect.poll(() => server.writes.filter((line) => line === 'aaron put john@example.org')).toHaveLength(2)
    expect(owed).toEqual([expect.any(String)])
    await expect.poll(() => gateway.states()[0]).toMatchObject({ owed: 0, waiting: 0 })
  })

  test('keeps the contacts of somebody whose roster nobody used, though he was gone once', async () => {
    const server = memoryServer()
    world.startGateway(configured({ server: EJABBERD }), () => server.target())
    await world.change(john, [contact('aaron')])
    await world.remove(john)
    await world.change(john, [contact('marie')])
    await expectAllOn(world, server)
    const store = world.another({ rosterTtlS: 1 })
    await world.redis.zadd(world.keys.used, 1, john.jid)
    expect(await store.dropUnused(0, 0)).toBe(1)
    const changes = targetLog({ redis: world.redis, target: 'server', shard: 0 })
    await changes.ask([{ id: 'looked', user: john.jid, dryRun: false }]) // as when he comes online
    await expect
      .poll(async () => JSON.parse((await changes.answers('looked'))[john.jid] ?? 'null'))
      .toEqual({ result: 'arrived', writes: 0 })
    expect([...(server.rosters.get(john.jid)?.keys() ?? [])]).toEqual(['marie@example.org'])
  })

  test('on request, one user is compared, or brought to it', async () => {
    const server = memoryServer()
    world.startGateway(configured({ server: EJABBERD }), () => server.target())
    await world.change(john, [contact('aaron')])
    await expectAllOn(world, server)
    server.rosters.get(john.jid)?.clear()
    const changes = targetLog({ redis: world.redis, target: 'server', shard: 0 })
    await changes.ask([{ id: 'dry', user: john.jid, dryRun: true }])
    await expect
      .poll(async () => JSON.parse((await changes.answers('dry'))[john.jid] ?? 'null'))
      .toMatchObject({
        result: 'arrived',
        plan: { puts: ['aaron@example.org'], removes: [] },
        writes: 0,
      })
    expect(server.writes).toHaveLength(1)
    await changes.ask([{ id: 'real', user: john.jid, dryRun: false }])
    await expectAllOn(world, server)
  })
})
