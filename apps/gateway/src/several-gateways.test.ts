import { expect, test } from 'vitest'
import { contact, gatewayWorldOfTest, LEASE_MS, memoryServer, userNamed } from '../../../test/support/gateway.ts'
import { configured, EJABBERD, expectAllOn } from '../../../test/support/gateway-targets.ts'
import type { Target } from './targets/target.ts'

const world = gatewayWorldOfTest()

const john = userNamed('john')

test('one serves a target at a time; when it ends another one takes over, and nothing is lost or written twice', async () => {
  const server = memoryServer()
  const targets = configured({ server: EJABBERD })
  const gateways = [1, 2, 3].map(() => world.startGateway(targets, () => server.target()))
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 60; i++) await world.change(userNamed(`user${i}`), [contact(`friend${round}`)])
    const serving = gateways.find((gateway) => gateway.states().length > 0)
    if (round < 2) await serving?.stop()
  }
  await expectAllOn(world, server)
  const puts = server.writes.filter((line) => line.includes('put'))
  expect(new Set(puts).size).toBe(puts.length)
})

test('units are spread over them, and those of one that dies go to the others', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `t${i}`)
  const targets = configured(Object.fromEntries(names.map((name) => [name, EJABBERD])))
  const server = memoryServer()
  const gateways = [1, 2, 3].map(() => world.startGateway(targets, () => server.target()))
  await expect.poll(() => gateways.flatMap((gateway) => gateway.states()).length).toBe(40)
  await expect.poll(() => gateways.every((gateway) => gateway.states().length > 0)).toBe(true)
  await gateways[0]?.stop()
  await expect.poll(() => gateways.flatMap((gateway) => gateway.states()).length).toBe(40)
})

test('G6: a gateway that stood still for longer than its lease, which nobody took, loses nothing', async () => {
  const server = memoryServer()
  const target = server.target() as Extract<Target, { kind: 'roster' }>
  world.startGateway(configured({ server: EJABBERD }), () => ({
    ...target,
    async put(user, item, signal) {
      await target.put(user, item, signal)
      if (server.writes.length !== 2) return
      for (const until = performance.now() + LEASE_MS + 100; performance.now() < until; );
    },
  }))
  await world.change(userNamed('first'), [contact('aaron')])
  await expectAllOn(world, server)
  await expect.poll(() => world.redis.hexists('rollcall:{0}:delivery:server', 'walk')).toBe(0)
  await world.change(john, [contact('aaron'), contact('marie')])
  await expectAllOn(world, server)
})
