import { setTimeout as pause } from 'node:timers/promises'
import { targetLog } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { contact, gatewayWorldOfTest, memoryServer, userNamed } from '../../../test/support/gateway.ts'
import { configured, EJABBERD, expectAllOn, receiver, WEBHOOK } from '../../../test/support/gateway-targets.ts'
import { TargetError } from './targets/target.ts'

const world = gatewayWorldOfTest()

const john = userNamed('john')

test('G7: a user whom it does not take holds up no other one, and is not lost', async () => {
  const server = memoryServer()
  const refused = new TargetError('target-refused', 'not him', { scope: 'user', isTemporary: true })
  server.setFault((user) => (user?.username === 'bad' ? refused : undefined))
  const gateway = world.startGateway(configured({ server: EJABBERD }), () => server.target())
  await world.change(userNamed('bad'), [contact('aaron')])
  await world.change(john, [contact('aaron')])
  await expect.poll(() => server.rosters.get(john.jid)?.size).toBe(1)
  await expect.poll(() => gateway.states()[0]).toMatchObject({ owed: 1, waiting: 0, rejected: 1 })
  server.setFault(undefined)
  await world.redis.zadd('rollcall:{0}:owed:server', 1, 'bad@example.org') // his time has come
  await expectAllOn(world, server)
  await expect.poll(() => gateway.states()[0]?.owed).toBe(0)
  const changes = targetLog({ redis: world.redis, target: 'server', shard: 0 })
  await expect.poll(async () => (await changes.attempts(1))[0]).toMatchObject({ user: 'bad@example.org', writes: 1 })
  const ofBad = (await changes.attempts(10)).filter(({ user }) => user === 'bad@example.org')
  expect(ofBad.map(({ attempt, result }) => `${attempt} ${result}`)).toEqual([
    '1 arrived',
    '5 owed',
    '4 failed',
    '3 failed',
    '2 failed',
    '1 failed',
  ])
})

test('G7: a user who is tried again holds up nobody, however many changes come after him', async () => {
  const server = memoryServer()
  const refused = new TargetError('target-refused', 'not him', { scope: 'user', isTemporary: true })
  server.setFault((user) => (user?.username === 'bad' ? refused : undefined))
  const [backoffMs, maxBackoffMs] = [60_000, 60_000]
  world.startGateway(configured({ server: { ...EJABBERD, backoffMs, maxBackoffMs } }), () => server.target())
  await world.change(john, [contact('aaron')])
  await expectAllOn(world, server)
  await world.change(userNamed('bad'), [contact('aaron')])
  server.rosters.get(john.jid)?.clear()
  const others = world.redis.pipeline()
  const entryOf = (user: string) => others.xadd(world.keys.changes, '*', 'user', user, 'version', '1', 'diff', '{}')
  for (let i = 0; i < 5_100; i++) entryOf(`user${i}@elsewhere.example`)
  entryOf(john.jid)
  await others.exec()
  await expect.poll(() => server.rosters.get(john.jid)?.size).toBe(1)
})

test('G7: a contact that it does not take keeps back none of the others', async () => {
  const server = memoryServer()
  server.setFault((_, jid) =>
    jid?.startsWith('bad') ? new TargetError('target-refused', 'what a name', { scope: 'user' }) : undefined,
  )
  const gateway = world.startGateway(configured({ server: EJABBERD }), () => server.target())
  await world.change(john, [contact('aaron'), contact('bad'), contact('marie')])
  await expect
    .poll(() => [...(server.rosters.get(john.jid)?.keys() ?? [])])
    .toEqual(['aaron@example.org', 'marie@example.org'])
  await expect
    .poll(() => gateway.states()[0])
    .toMatchObject({
      rejected: 1,
      writes: 2,
      waiting: 0,
      lastError: { code: 'target-refused', message: 'what a name', user: 'john@example.org' },
    })
})

test('who has no contacts, and no account there, is told of all the same', async () => {
  const server = memoryServer()
  world.startGateway(configured({ server: EJABBERD }), () => server.target())
  await world.change(john, [contact('aaron')])
  await expectAllOn(world, server)
  server.setFault((user) => user && new TargetError('target-user-unknown', 'who?', { scope: 'user' }))
  await world.remove(john)
  const changes = targetLog({ redis: world.redis, target: 'server', shard: 0 })
  await expect
    .poll(async () => (await changes.attempts(1))[0])
    .toMatchObject({ version: 2, result: 'arrived', writes: 0 })
})

test('a user it does not know is told of once, and not tried again', async () => {
  const server = memoryServer()
  server.setFault((user) => user && new TargetError('target-user-unknown', 'who?', { scope: 'user' }))
  const gateway = world.startGateway(configured({ server: EJABBERD }), () => server.target())
  await world.change(john, [contact('aaron')])
  await expect
    .poll(() => gateway.states()[0])
    .toMatchObject({
      state: 'following',
      rejected: 1,
      owed: 0,
      waiting: 0,
      lastError: { code: 'target-user-unknown', user: 'john@example.org' },
    })
  expect(server.attempts()).toBe(2) // its check, and john
})

test('a target that takes nobody is left alone, whatever it says of each; when it takes them again, nobody is lost', async () => {
  let isBroken = true
  let attempts = 0
  const error = new TargetError('target-refused', 'It answered 500', { scope: 'user', isTemporary: true })
  const { told, target } = receiver(1, (changes) => {
    attempts++
    return changes.map(() => (isBroken ? error : null))
  })
  await world.change(userNamed('first'), [contact('aaron')])
  const gateway = world.startGateway(configured({ hook: WEBHOOK }), () => target)
  await expect.poll(() => world.redis.exists('rollcall:{0}:delivery:hook')).toBe(1)
  for (let i = 0; i < 100; i++) await world.change(userNamed(`user${i}`), [contact('aaron')])
  await expect
    .poll(() => gateway.states()[0])
    .toMatchObject({ state: 'unavailable', lastError: { message: 'Nobody is taken: It answered 500' } })
  const before = attempts
  await pause(1000)
  expect(attempts - before).toBeLessThanOrEqual(10) // pauses of 150 to 250 ms
  isBroken = false
  await expect.poll(() => told.length + (gateway.states()[0]?.owed ?? 0)).toBeGreaterThanOrEqual(100)
  await expect.poll(() => gateway.states()[0]).toMatchObject({ state: 'following', waiting: 0 })
})

test('G7: users whom it never takes do not keep back the others, however many they are', async () => {
  const error = new TargetError('target-refused', 'It answered 422', { scope: 'user', isTemporary: true })
  const { told, target } = receiver(1, (changes) =>
    changes.map(({ user }) => (user.username.startsWith('bad') ? error : null)),
  )
  await world.change(userNamed('first'), [contact('aaron')])
  world.startGateway(configured({ hook: { ...WEBHOOK, concurrency: 2 } }), () => target)
  await expect.poll(() => world.redis.exists('rollcall:{0}:delivery:hook')).toBe(1)
  for (let i = 0; i < 20; i++) await world.change(userNamed(`bad${i}`), [contact('aaron')])
  for (let i = 0; i < 20; i++) await world.change(userNamed(`good${i}`), [contact('aaron')])
  await expect.poll(() => told.length).toBe(20)
})

test('a target is not left alone for a few users now and then whom it does not take', async () => {
  const error = new TargetError('target-refused', 'It answered 422', { scope: 'user', isTemporary: true })
  const { told, target } = receiver(1, (changes) =>
    changes.map(({ user }) => (user.username.startsWith('bad') ? error : null)),
  )
  await world.change(userNamed('first'), [contact('aaron')])
  const gateway = world.startGateway(configured({ hook: WEBHOOK }), () => target)
  await expect.poll(() => world.redis.exists('rollcall:{0}:delivery:hook')).toBe(1)
  for (const round of [1, 2]) {
    for (let i = 0; i < 4; i++) await world.change(userNamed(`bad${round}${i}`), [contact('aaron')])
    await expect.poll(() => gateway.states()[0]?.owed).toBe(round * 4)
    expect(gateway.states()[0]).toMatchObject({ state: 'following', lastError: { message: 'It answered 422' } })
    await world.change(userNamed(`good${round}`), [contact('aaron')])
    await expect.poll(() => told.length).toBe(round)
  }
})
