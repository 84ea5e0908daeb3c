import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startHangingServer } from '../support/hanging-server.ts'
import { XMPP_SERVERS } from '../support/xmpp-server.ts'
import { hasArrived, looksBack, notOnServer, ready, setUp } from './xmpp-target.ts'

describe.each(XMPP_SERVERS)('%s', { timeout: 300_000 }, (name) => {
  test('G6: killed in the middle of many changes and back some time later, it gets all of them, and nobody is told twice', async () => {
    const setup = await setUp(name)
    const { server, notify } = setup
    const users = Array.from({ length: 300 }, (_, i) => `user${i}`)
    await server.addUsers(...users)
    const gateway = await setup.startGateway()
    const online = await Promise.all(users.slice(0, 10).map((username) => server.client(username)))
    const friend = 'friend@elsewhere.example'
    await notify(Object.fromEntries(users.map((username) => [username, { [friend]: { name: username } }])))
    await expect.poll(() => online.some(({ pushes }) => pushes.length > 0)).toBe(true)
    await server.kill()
    await expect.poll(async () => (await ready(gateway)).targets[0]?.state).toBe('unavailable')
    await pause(2_000)
    await server.restart()
    const again = await Promise.all(users.slice(0, 10).map((username) => server.client(username)))
    // What came before this answer was new to them.
    const known = await Promise.all(
      again.map(async (client) => ({ contacts: (await client.roster()).length, pushes: client.pushes.length })),
    )
    await looksBack(setup)
    await expect.poll(() => hasArrived(setup), { timeout: 40_000, interval: 200 }).toBe(true)
    gateway.kill('SIGTERM')
    await gateway.exited
    expect(await notOnServer(setup, users)).toEqual([])
    for (const [i, { pushes }] of again.entries())
      if (known[i]?.contacts === 1) expect(pushes.slice(known[i].pushes)).toEqual([])
  })

  test('G6: gateways that are killed again and again lose nothing', async () => {
    const setup = await setUp(name)
    const { server, notify } = setup
    const users = Array.from({ length: 200 }, (_, i) => `user${i}`)
    await server.addUsers(...users)
    const gateways = [await setup.startGateway(), await setup.startGateway(), await setup.startGateway()]
    for (let round = 0; round < 5; round++) {
      await notify(
        Object.fromEntries(users.map((username) => [username, { [`friend${round}@elsewhere.example`]: {} }])),
      )
      await pause(300)
      const states = await Promise.all(gateways.map(ready))
      const serving = states.findIndex(({ targets }) => targets.length > 0)
      const victim = gateways[Math.max(0, serving)]
      victim?.kill('SIGKILL')
      await victim?.exited
      gateways[Math.max(0, serving)] = await setup.startGateway()
    }
    await expect.poll(() => hasArrived(setup), { timeout: 40_000, interval: 200 }).toBe(true)
    for (const gateway of gateways) gateway.kill('SIGTERM')
    await Promise.all(gateways.map(({ exited }) => exited))
    expect(await notOnServer(setup, users)).toEqual([])
  })
})

test('G7: while one server hangs, another target is told at once, and the state of the one that hangs says so', async () => {
  const setup = await setUp('Prosody')
  const { server, notify, env, targets } = setup
  const sink = await startHangingServer()
  Object.assign(env, {
    TARGETS: JSON.stringify({
      ...targets,
      hanging: { type: 'ejabberd-http', domain: server.domain, url: sink.url, timeoutMs: 500 },
    }),
  })
  await server.addUsers('john')
  const john = await server.client('john')
  const gateway = await setup.startGateway()
  for (let i = 0; i < 10; i++) {
    await notify({ john: { 'friend@elsewhere.example': { name: `${i}` } } })
    await expect.poll(() => john.pushes.at(-1)?.name).toBe(`${i}`)
  }
  const byName = async () => new Map((await ready(gateway)).targets.map((target) => [target.target, target]))
  await expect
    .poll(async () => (await byName()).get('hanging'))
    .toMatchObject({
      state: 'unavailable',
      lastError: { code: 'target-timeout' },
    })
  expect((await byName()).get('server')).toMatchObject({ state: 'following' })
})
