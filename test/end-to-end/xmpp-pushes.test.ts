import { describe, expect, test } from 'vitest'
import { XMPP_SERVERS } from '../support/xmpp-server.ts'
import { notOnServer, ready, setUp } from './xmpp-target.ts'

describe.each(XMPP_SERVERS)('%s', (name) => {
  test('one notice befriends two who are online; renames, groups and removals reach them too', async () => {
    const setup = await setUp(name)
    const { server, notify } = setup
    const at = (username: string) => `${username}@${server.domain}`
    await server.addUsers('john', 'aaron')
    const [john, aaron] = [await server.client('john'), await server.client('aaron')]
    await setup.startGateway()
    await notify({ john: {}, aaron: {} })

    await notify({
      john: { [at('aaron')]: { name: 'Aaron', groups: ['Friends'] } },
      aaron: { [at('john')]: { name: 'John', groups: ['Work', 'Football'] } },
    })
    const both = { subscription: 'both' }
    await expect
      .poll(() => john.pushes.at(-1))
      .toMatchObject({ jid: at('aaron'), name: 'Aaron', groups: ['Friends'], ...both })
    await expect
      .poll(() => aaron.pushes.at(-1))
      .toMatchObject({ jid: at('john'), name: 'John', groups: ['Football', 'Work'], ...both })
    if (name === 'ejabberd') {
      // Prosody tells them of each other at the next presence or login.
      await expect.poll(() => john.presences.some(({ from }) => from.startsWith(at('aaron')))).toBe(true)
      await expect.poll(() => aaron.presences.some(({ from }) => from.startsWith(at('john')))).toBe(true)
    }
    await notify({ john: { [at('aaron')]: { name: 'Aaron B.', groups: ['Friends'] } } })
    await expect
      .poll(() => john.pushes.at(-1))
      .toMatchObject({ jid: at('aaron'), name: 'Aaron B.', groups: ['Friends'], ...both })
    await notify({ john: { [at('aaron')]: { name: 'Aaron B.', groups: ['Family'] } } })
    await expect.poll(() => john.pushes.at(-1)).toMatchObject({ name: 'Aaron B.', groups: ['Family'], ...both })
    await notify({ john: {}, aaron: {} })
    await expect.poll(() => john.pushes.at(-1)).toMatchObject({ jid: at('aaron'), subscription: 'remove' })
    await expect.poll(() => aaron.pushes.at(-1)).toMatchObject({ jid: at('john'), subscription: 'remove' })
    await expect.poll(() => notOnServer(setup, ['john', 'aaron'])).toEqual([])
  })

  test('of a roster of 1,000 contacts with one renamed, one is written', async () => {
    const setup = await setUp(name)
    const { server, notify } = setup
    await server.addUsers('john')
    const contacts = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`contact${i}@elsewhere.example`, { name: `Contact ${i}` }]),
    )
    const gateway = await setup.startGateway()
    await notify({ john: contacts })
    await expect
      .poll(async () => (await ready(gateway)).targets[0]?.writes, { timeout: 50_000, interval: 500 })
      .toBe(1000)
    const john = await server.client('john')
    await notify({ john: { ...contacts, 'contact500@elsewhere.example': { name: 'Somebody else' } } })
    await expect.poll(() => john.pushes.map((push) => push.name)).toEqual(['Somebody else'])
    await expect.poll(async () => (await ready(gateway)).targets[0]).toMatchObject({ writes: 1001, waiting: 0 })
  })
})

test.each(XMPP_SERVERS)(
  'marked contacts only: on %s, a contact of the user himself survives every refresh',
  async (name) => {
    const setup = await setUp(name, { owns: { groups: ['Team'] } })
    const { server, notify } = setup
    await server.addUsers('john')
    const john = await server.client('john')
    await john.add('mum@elsewhere.example', { name: 'Mum', groups: ['Family'] })
    await setup.startGateway()
    const colleague = { 'boss@elsewhere.example': { name: 'Boss', groups: ['Team'] } }
    await notify({ john: colleague })
    await expect.poll(() => john.pushes.map(({ jid }) => jid)).toContain('boss@elsewhere.example')
    await notify({ john: { 'other@elsewhere.example': { groups: ['Team'] } } })
    await expect.poll(() => john.pushes.at(-1)?.jid).toBe('other@elsewhere.example')
    await notify({ john: {} })
    await expect
      .poll(async () => (await john.roster()).map(({ jid, groups }) => ({ jid, groups })))
      .toEqual([{ jid: 'mum@elsewhere.example', groups: ['Family'] }])
  },
)
