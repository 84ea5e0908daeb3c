import { createLog, type Walk } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { contact, gatewayWorldOfTest, memoryServer, userNamed } from '../../../test/support/gateway.ts'
import { configured, EJABBERD, expectAllOn, receiver, WEBHOOK } from '../../../test/support/gateway-targets.ts'
import { redisClock } from './redis-clock.ts'
import { shardWalks } from './shard-walks.ts'

const world = gatewayWorldOfTest()

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

test('G6: whose place in the change log was trimmed is told of those who were removed meanwhile', async () => {
  const server = memoryServer()
  const targets = configured({ server: EJABBERD })
  const gateway = world.startGateway(targets, () => server.target())
  const [gone, back, before] = [userNamed('gone'), userNamed('back'), userNamed('before')]
  for (const user of [john, gone, back, before]) await world.change(user, [contact('aaron')])
  await expectAllOn(world, server)
  await world.remove(before)
  await expect.poll(() => server.rosters.get(before.jid)?.size).toBe(0)
  await expect.poll(() => gateway.states()[0]?.waiting).toBe(0)
  await gateway.stop()
  server.rosters.get(before.jid)?.set(contact('mum').jid, contact('mum'))
  for (const user of [gone, back]) await world.remove(user)
  await world.change(back, [contact('marie')])
  for (let i = 0; i < 20; i++) await world.change(userNamed(`user${i}`), [contact('aaron')])
  await world.redis.xtrim(world.keys.changes, 'MAXLEN', 10)
  world.startGateway(targets, () => server.target())
  await expectAllOn(world, server)
  await expect.poll(() => server.rosters.get(gone.jid)?.size).toBe(0)
  await expect.poll(() => world.redis.hget('rollcall:{0}:delivery:server', 'walk')).toBe(null)
  expect(server.rosters.get(before.jid)?.size).toBe(1) // it had been told of him
})

test('G6: a webhook whose place was trimmed is told of those who were removed meanwhile, too', async () => {
  const { told, target } = receiver(10, (changes) => changes.map(() => null))
  const targets = configured({ hook: WEBHOOK })
  await world.change(john, [contact('aaron')])
  const gateway = world.startGateway(targets, () => target)
  await expect.poll(() => world.redis.hexists('rollcall:{0}:delivery:hook', 'position')).toBe(1)
  await gateway.stop()
  await world.remove(john)
  await world.change(userNamed('marie'), [contact('aaron')])
  await world.redis.xtrim(world.keys.changes, 'MAXLEN', 1)
  world.startGateway(targets, () => target)
  await expect.poll(() => told.map(({ user, change }) => [user.username, change])).toContainEqual(['john', null])
})

test('G6: a walk that takes the place of another one goes on with those who are gone', async () => {
  const [config] = configured({ server: EJABBERD })
  if (!config) throw new Error('no target')
  const begun: unknown[] = []
  const stands: Walk = { id: 'w', kind: 'reconcile', goneAfter: 5, after: '', done: 0 }
  const walks = shardWalks({
    config,
    shard: 0,
    shards: 1,
    changes: {
      beginWalk: async (kind, missed) => {
        begun.push(missed?.goneAfter)
        return { ...stands, kind, ...(missed && { goneAfter: missed.goneAfter }) }
      },
      walkOn: () => new Promise(() => {}), // Redis does not answer
      writeWalk: async () => 1,
      endWalk: async () => {},
      writeDriftAt: async () => 1,
    },
    look: () => {},
    clock: redisClock(),
    log: createLog({ level: 'silent', name: 'test' }),
  })
  const position = { epoch: 'e', id: '9-0' }
  await walks.reconcile(position, 7)
  walks.resume({ walk: stands, driftAt: 0 })
  await walks.reconcile(position, 9)
  await walks.reconcile(position, 2)
  await walks.reconcile(position, 9)
  expect(begun).toEqual([7, 5, 2, 2])
  walks.stop()
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
