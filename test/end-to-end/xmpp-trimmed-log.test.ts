import { numberOfChange } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { XMPP_SERVERS } from '../support/xmpp-server.ts'
import { hasArrived, notOnServer, placeOf, ready, setUp } from './xmpp-target.ts'

const OTHERS = Array.from({ length: 120 }, (_, i) => `user${i}`)

test.each(XMPP_SERVERS)(
  'G6: %s that was away for longer than the change log reaches gets what is stored, and what was removed is removed there',
  async (name) => {
    const setup = await setUp(name, { maxPerSecond: 100 }, { CHANGES_MAXLEN: '100' })
    const { server, backend, notify, remove } = setup
    const all = ['changed', 'removed', 'back', ...OTHERS]
    await server.addUsers(...all)
    const everybody = (friend: string, users: readonly string[]) =>
      notify(Object.fromEntries(users.map((user) => [user, { [`${friend}@elsewhere.example`]: { name: user } }])))
    const gateway = await setup.startGateway()
    await everybody('first', all)
    await expect.poll(() => hasArrived(setup), { timeout: 30_000, interval: 200 }).toBe(true)
    gateway.kill('SIGTERM')
    await gateway.exited
    await server.kill()

    await everybody('second', ['changed'])
    await remove('removed')
    await remove('back')
    await everybody('third', ['back'])
    for (const friend of ['fourth', 'fifth', 'sixth']) await everybody(friend, OTHERS)
    const { position, log } = await placeOf(setup)
    expect(numberOfChange(log.first)).toBeGreaterThan(numberOfChange(String(position?.id)) + 1)

    const next = await setup.startGateway()
    await expect.poll(async () => (await ready(next)).targets[0]?.state).toBe('unavailable')
    await server.restart()
    await expect.poll(() => hasArrived(setup), { timeout: 40_000, interval: 200 }).toBe(true)
    expect(backend.rosters.get('removed')).toEqual({})
    expect(await notOnServer(setup, all)).toEqual([])
    const online = await server.client('removed') // not before: who comes online is compared
    expect(await online.roster()).toEqual([])
    next.kill('SIGTERM')
    await next.exited
  },
)
