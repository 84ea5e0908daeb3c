import { setTimeout as pause } from 'node:timers/promises'
import type { Roster } from '@rollcall/roster'
import { loadConfig, type TargetConfig, targetLog } from '@rollcall/runtime'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { contact, gatewayWorld, LEASE_MS, memoryServer, userNamed } from '../../../test/support/gateway.ts'
import type { Notification, Target } from './targets/target.ts'
import { TargetError } from './targets/target.ts'

let world: Awaited<ReturnType<typeof gatewayWorld>>
beforeEach(async () => {
  world = await gatewayWorld()
})
afterEach(() => world.end())

/** Targets as the configuration has them: with all defaults. */
function configured(targets: Record<string, object>): readonly TargetConfig[] {
  const env = { HTTP_ROSTER_URL: 'http://127.0.0.1/%s', XMPP_DOMAIN: 'example.org', TARGETS: JSON.stringify(targets) }
  return loadConfig({ cwd: '/nonexistent', env }).targets
}

const EJABBERD = {
  type: 'ejabberd-http',
  url: 'http://127.0.0.1:1/api',
  timeoutMs: 300,
  backoffMs: 50,
  maxBackoffMs: 200,
  maxPerSecond: 100_000,
}
const WEBHOOK = {
  type: 'webhook',
  url: 'http://127.0.0.1:1/',
  secret: `whsec_${Buffer.alloc(32).toString('base64')}`,
  timeoutMs: 300,
  backoffMs: 50,
  maxBackoffMs: 200,
}

const items = (roster: ReadonlyMap<string, object> | undefined) => [...(roster?.values() ?? [])]
const john = userNamed('john')

/** Every stored roster is on the server, and no other. */
async function expectAllOn(server: ReturnType<typeof memoryServer>): Promise<void> {
  const stored = [...world.rosters].map(([jid, roster]) => [jid, items(roster)])
  await expect
    .poll(() => [...world.rosters.keys()].map((jid) => [jid, items(server.rosters.get(jid) as Roster | undefined)]))
    .toEqual(stored)
}

describe('a target that holds rosters', () => {
  test('is brought to what is stored, and only what differs is written', async () => {
    const server = memoryServer()
    world.startGateway(configured({ server: EJABBERD }), () => server.target())
    await world.change(john, [contact('aaron'), contact('marie')])
    await expectAllOn(server)
    await world.change(john, [contact('aaron', { name: 'Aaron' }), contact('marie')])
    await expectAllOn(server)
    await world.change(john, [contact('marie')])
    await expectAllOn(server)
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
    await expectAllOn(server)
  })

  test('is told when something changes, not only when it is time to look', async () => {
    const server = memoryServer()
    world.startGateway(configured({ server: EJABBERD }), () => server.target())
    await world.change(john, [contact('aaron')])
    await expectAllOn(server)
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

  test('G6: one that was away gets everything when it is back, and is asked once after each pause', async () => {
    const server = memoryServer()
    const gateway = world.startGateway(configured({ server: EJABBERD }), () => server.target())
    await world.change(john, [contact('aaron')])
    await expectAllOn(server)
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
    await expectAllOn(server)
    await expect.poll(() => gateway.states()[0]).toMatchObject({ state: 'following', waiting: 0, lagMs: 0 })
  })

  test('G6: what a server lost by a crash, although it had taken it, is written again', async () => {
    const server = memoryServer()
    world.startGateway(configured({ server: EJABBERD }), () => server.target())
    await world.change(john, [contact('aaron')])
    await expectAllOn(server)
    server.setFault(() => new TargetError('target-unreachable', 'it crashed'))
    await world.change(userNamed('marie'), [contact('aaron')])
    server.rosters.get(john.jid)?.clear()
    await pause(200)
    server.setFault(undefined)
    await expectAllOn(server)
  })

  test('G6: what it lost by a crash is written again also by a gateway that begins while it is away', async () => {
    const server = memoryServer()
    const targets = configured({ server: EJABBERD })
    const gateway = world.startGateway(targets, () => server.target())
    await world.change(john, [contact('aaron')])
    await expectAllOn(server)
    server.setFault(() => new TargetError('target-unreachable', 'it crashed'))
    await world.change(userNamed('marie'), [contact('aaron')])
    await expect.poll(() => gateway.states()[0]?.state).toBe('unavailable')
    await gateway.stop()
    server.rosters.get(john.jid)?.clear()
    const next = world.startGateway(targets, () => server.target())
    await expect.poll(() => next.states()[0]?.state).toBe('unavailable')
    server.setFault(undefined)
    await expectAllOn(server)
  })

  test('G7: a target that hangs holds up no other one', async () => {
    const [hanging, well] = [memoryServer(), memoryServer()]
    hanging.setFault(() => 'hang')
    const targets = configured({ hanging: EJABBERD, well: EJABBERD })
    const gateway = world.startGateway(targets, ({ name }) =>
      name === 'well' ? well.target() : hanging.target({ checks: false }),
    )
    for (let i = 0; i < 50; i++) await world.change(userNamed(`user${i}`), [contact('aaron')])
    await expectAllOn(well)
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
    await expectAllOn(server)
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
    await expectAllOn(server)
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
    await expectAllOn(server)
    await world.change(john, [])
    await expect.poll(() => server.writes).toContain('john remove aaron@example.org')
    await expectAllOn(server)
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
    await expectAllOn(server)
    await world.change(john, [contact('bad')])
    await expect.poll(() => server.writes.filter((line) => line === 'aaron put john@example.org')).toHaveLength(2)
    expect(owed).toEqual([expect.any(String)])
    await expect.poll(() => gateway.states()[0]).toMatchObject({ owed: 0, waiting: 0 })
  })

  test('G6: whose place in the change log was trimmed gets all that is stored', async () => {
    const server = memoryServer()
    const targets = configured({ server: EJABBERD })
    const gateway = world.startGateway(targets, () => server.target())
    await world.change(john, [contact('aaron')])
    await expectAllOn(server)
    await gateway.stop()
    for (let i = 0; i < 300; i++) await world.change(userNamed(`user${i}`), [contact('aaron')])
    await world.redis.xtrim('rollcall:{0}:changes', 'MAXLEN', 10)
    world.startGateway(targets, () => server.target())
    await expectAllOn(server)
    await expect.poll(() => world.redis.hget('rollcall:{0}:delivery:server', 'walk')).toBe(null)
    expect(server.writes).toHaveLength(301)
  })

  test('all that is stored is gone through at a bounded rate', async () => {
    for (let i = 0; i < 250; i++) await world.change(userNamed(`user${i}`), [contact('aaron')])
    const server = memoryServer()
    const started = performance.now()
    world.startGateway(configured({ server: { ...EJABBERD, maxPerSecond: 100 } }), () => server.target())
    await expectAllOn(server)
    expect(performance.now() - started).toBeGreaterThan(1900) // two full pages of 100 and the rest
  })

  test('drift is found: what somebody else wrote is mended, or only told', async () => {
    const [mended, told] = [memoryServer(), memoryServer()]
    const often = { ...EJABBERD, driftIntervalS: 1 }
    const gateway = world.startGateway(
      configured({ mended: often, told: { ...often, drift: 'report' } }),
      ({ name }) => (name === 'mended' ? mended.target() : told.target()),
    )
    await world.change(john, [contact('aaron')])
    await expectAllOn(mended)
    await expectAllOn(told)
    for (const server of [mended, told]) server.rosters.get(john.jid)?.clear()
    await expectAllOn(mended)
    await expect.poll(() => gateway.states().every(({ drifted }) => drifted > 0)).toBe(true)
    expect(told.writes).toHaveLength(1)
  })

  test('on request, one user is compared, or brought to it', async () => {
    const server = memoryServer()
    world.startGateway(configured({ server: EJABBERD }), () => server.target())
    await world.change(john, [contact('aaron')])
    await expectAllOn(server)
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
    await expectAllOn(server)
  })
})

describe('several gateways', () => {
  test('one serves a target at a time; when it ends another one takes over, and nothing is lost or written twice', async () => {
    const server = memoryServer()
    const targets = configured({ server: EJABBERD })
    const gateways = [1, 2, 3].map(() => world.startGateway(targets, () => server.target()))
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 60; i++) await world.change(userNamed(`user${i}`), [contact(`friend${round}`)])
      const serving = gateways.find((gateway) => gateway.states().length > 0)
      if (round < 2) await serving?.stop()
    }
    await expectAllOn(server)
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
  await expectAllOn(server)
  await expect.poll(() => world.redis.hexists('rollcall:{0}:delivery:server', 'walk')).toBe(0)
  await world.change(john, [contact('aaron'), contact('marie')])
  await expectAllOn(server)
})

describe('a target that is notified', () => {
  /** Takes notifications, of which it keeps all. */
  function receiver(
    batchSize: number,
    answer: (told: readonly Notification[]) => (TargetError | null)[],
  ): { told: Notification[]; target: Target } {
    const told: Notification[] = []
    return {
      told,
      target: {
        kind: 'notify',
        batchSize,
        async notify(changes) {
          const answers = answer(changes)
          changes.forEach((change, i) => void (answers[i] === null && told.push(change)))
          return answers
        },
        close: async () => {},
      },
    }
  }

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

  test('that takes nobody is left alone, whatever it says of each; when it takes them again, nobody is lost', async () => {
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

  test('is not left alone for a few users now and then whom it does not take', async () => {
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

  test('that takes nothing for too long is disabled; the time does not begin anew with each gateway', async () => {
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

  test('that wants to be told nothing more is told nothing, until it is enabled', async () => {
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
    isGone = false
    await targetLog({ redis: world.redis, target: 'hook', shard: 0 }).enable()
    await expect.poll(() => told.at(-1)?.version).toBe(2)
    await expect.poll(() => gateway.states()[0]?.state).toBe('following')
  })
})
