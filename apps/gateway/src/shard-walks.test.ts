import { afterEach, beforeEach, expect, test } from 'vitest'
import { contact, gatewayWorld, memoryServer, userNamed } from '../../../test/support/gateway.ts'
import { configured, EJABBERD, expectAllOn } from '../../../test/support/gateway-targets.ts'

let world: Awaited<ReturnType<typeof gatewayWorld>>
beforeEach(async () => {
  world = await gatewayWorld()
})
afterEach(() => world.end())

const john = userNamed('john')

test('G6: whose place in the change log was trimmed gets all that is stored', async () => {
  const server = memoryServer()
  const targets = configured({ server: EJABBERD })
  const gateway = world.startGateway(targets, () => server.target())
  await world.change(john, [contact('aaron')])
  await expectAllOn(world, server)
  await gateway.stop()
  for (let i = 0; i < 300; i++) await world.change(userNamed(`user${i}`), [contact('aaron')])
  await world.redis.xtrim('rollcall:{0}:changes', 'MAXLEN', 10)
  world.startGateway(targets, () => server.target())
  await expectAllOn(world, server)
  await expect.poll(() => world.redis.hget('rollcall:{0}:delivery:server', 'walk')).toBe(null)
  expect(server.writes).toHaveLength(301)
})

test('all that is stored is gone through at a bounded rate', async () => {
  for (let i = 0; i < 250; i++) await world.change(userNamed(`user${i}`), [contact('aaron')])
  const server = memoryServer()
  const started = performance.now()
  world.startGateway(configured({ server: { ...EJABBERD, maxPerSecond: 100 } }), () => server.target())
  await expectAllOn(world, server)
  expect(performance.now() - started).toBeGreaterThan(1900) // two full pages of 100 and the rest
})

test('drift is found: what somebody else wrote is mended, or only told', async () => {
  const [mended, told] = [memoryServer(), memoryServer()]
  const often = { ...EJABBERD, driftIntervalS: 1 }
  const gateway = world.startGateway(configured({ mended: often, told: { ...often, drift: 'report' } }), ({ name }) =>
    name === 'mended' ? mended.target() : told.target(),
  )
  await world.change(john, [contact('aaron')])
  await expectAllOn(world, mended)
  await expectAllOn(world, told)
  for (const server of [mended, told]) server.rosters.get(john.jid)?.clear()
  await expectAllOn(world, mended)
  await expect.poll(() => gateway.states().every(({ drifted }) => drifted > 0)).toBe(true)
  expect(told.writes).toHaveLength(1)
})
