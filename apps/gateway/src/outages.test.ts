import { setTimeout as pause } from 'node:timers/promises'
import { targetLog } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { contact, gatewayWorldOfTest, memoryServer, userNamed } from '../../../test/support/gateway.ts'
import { configured, EJABBERD, expectAllOn, receiver, WEBHOOK } from '../../../test/support/gateway-targets.ts'
import { TargetError } from './targets/target.ts'

const world = gatewayWorldOfTest()

const john = userNamed('john')

test('G6: one that was away gets everything when it is back, and is asked once after each pause', async () => {
  const server = memoryServer()
  const gateway = world.startGateway(configured({ server: EJABBERD }), () => server.target())
  await world.change(john, [contact('aaron')])
  await expectAllOn(world, server)
  server.setFault(() => new TargetError('target-unreachable', 'refused'))
  for (let i = 0; i < 100; i++) await world.change(userNamed(`user${i}`), [contact('aaron')])
  await expect
    .poll(() => gateway.states()[0])
    .toMatchObject({
      state: 'unavailable',
      waiting: 100,
      lastError: { code: 'target-unreachable', message: 'refused' },
    })
  const before = server.attempts()
  await pause(1000)
  expect(server.attempts() - before).toBeLessThanOrEqual(10) // pauses of 150 to 250 ms
  server.setFault(undefined)
  await expectAllOn(world, server)
  await expect.poll(() => gateway.states()[0]).toMatchObject({ state: 'following', waiting: 0, lagMs: 0 })
})

test('G6: what a server lost by a crash, although it had taken it, is written again', async () => {
  const server = memoryServer()
  const gateway = world.startGateway(configured({ server: EJABBERD }), () => server.target())
  await world.change(john, [contact('aaron')])
  await expectAllOn(world, server)
  server.setFault(() => new TargetError('target-unreachable', 'it crashed'))
  await world.change(userNamed('marie'), [contact('aaron')])
  await expect.poll(() => gateway.states()[0]?.state).toBe('unavailable')
  server.rosters.get(john.jid)?.clear()
  server.setFault(undefined)
  await expectAllOn(world, server)
})

test('G6: what it lost by a crash is written again also by a gateway that begins while it is away', async () => {
  const server = memoryServer()
  const targets = configured({ server: EJABBERD })
  const gateway = world.startGateway(targets, () => server.target())
  await world.change(john, [contact('aaron')])
  await expectAllOn(world, server)
  server.setFault(() => new TargetError('target-unreachable', 'it crashed'))
  await world.change(userNamed('marie'), [contact('aaron')])
  await expect.poll(() => gateway.states()[0]?.state).toBe('unavailable')
  await gateway.stop()
  server.rosters.get(john.jid)?.clear()
  const next = world.startGateway(targets, () => server.target())
  await expect.poll(() => next.states()[0]?.state).toBe('unavailable')
  server.setFault(undefined)
  await expectAllOn(world, server)
})

test('G7: a target that hangs holds up no other one', async () => {
  const [hanging, well] = [memoryServer(), memoryServer()]
  hanging.setFault(() => 'hang')
  const targets = configured({ hanging: EJABBERD, well: EJABBERD })
  const gateway = world.startGateway(targets, ({ name }) =>
    name === 'well' ? well.target() : hanging.target({ checks: false }),
  )
  for (let i = 0; i < 50; i++) await world.change(userNamed(`user${i}`), [contact('aaron')])
  await expectAllOn(world, well)
  expect(hanging.writes).toEqual([])
  await expect
    .poll(() =>
      gateway
        .states()
        .map(({ state }) => state)
        .sort(),
    )
    .toEqual(['following', 'unavailable'])
})

test('one that takes nothing for too long is disabled; the time does not begin anew with each gateway', async () => {
  const { target } = receiver(1, () => {
    throw new TargetError('target-unreachable', 'away')
  })
  const targets = configured({ hook: { ...WEBHOOK, disableAfterS: 3 } })
  await world.change(userNamed('first'), [contact('aaron')])
  const first = world.startGateway(targets, () => target)
  await expect.poll(() => world.redis.exists('rollcall:{0}:delivery:hook')).toBe(1)
  await world.change(john, [contact('aaron')])
  await expect.poll(() => first.states()[0]?.state).toBe('unavailable')
  await first.stop()
  const since = await world.redis.hget('rollcall:{0}:delivery:hook', 'failingSince')
  const second = world.startGateway(targets, () => target)
  await expect.poll(() => second.states()[0]?.lastError).toMatchObject({ message: 'away' })
  expect(await world.redis.hget('rollcall:{0}:delivery:hook', 'failingSince')).toBe(since)
  await expect.poll(() => second.states()[0]?.state).toBe('disabled')
  // And who enables it gives it all its time.
  await targetLog({ redis: world.redis, target: 'hook', shard: 0 }).enable()
  await expect.poll(() => second.states()[0]?.state).toBe('unavailable')
  const enabledAt = performance.now()
  await expect.poll(() => second.states()[0]?.state).toBe('disabled')
  expect(performance.now() - enabledAt).toBeGreaterThan(1_500)
})

test('one that wants to be told nothing more is told nothing, until it is enabled', async () => {
  const gone = new TargetError('target-gone', '410', { isTemporary: false })
  let attempts = 0
  let isGone = true
  const { told, target } = receiver(1, (changes) => {
    attempts++
    if (isGone) throw gone
    return changes.map(() => null)
  })
  await world.change(userNamed('first'), [contact('aaron')])
  const gateway = world.startGateway(configured({ hook: WEBHOOK }), () => target)
  await expect.poll(() => world.redis.exists('rollcall:{0}:delivery:hook')).toBe(1)
  await world.change(john, [contact('aaron')])
  await expect.poll(() => gateway.states()[0]?.state).toBe('disabled')
  await world.change(john, [contact('marie')])
  expect(attempts).toBe(1)
  await gateway.stop()
  const next = world.startGateway(configured({ hook: WEBHOOK }), () => target)
  await expect.poll(() => next.states()[0]?.state).toBe('disabled')
  await expect.poll(() => next.states()[0]?.lagMs).toBeGreaterThan(1_000) // more and more
  isGone = false
  await targetLog({ redis: world.redis, target: 'hook', shard: 0 }).enable()
  await expect.poll(() => told.at(-1)?.version).toBe(2)
  await expect.poll(() => next.states()[0]).toMatchObject({ state: 'following', lagMs: 0 })
})
