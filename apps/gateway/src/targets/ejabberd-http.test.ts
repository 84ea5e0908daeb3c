import { type Contact, planSync, type Roster, SUBSCRIPTIONS, type User } from '@rollcall/roster'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { basic, startEjabberd, type TestEjabberd } from '../../../../test/support/ejabberd.ts'
import { contact, jid, soon, targetFor, user } from '../../../../test/support/ejabberd-target.ts'
import { send } from '../../../../test/support/http.ts'
import { tcpProxy } from '../../../../test/support/tcp-proxy.ts'
import { onlineClient, type XmppClient } from '../../../../test/support/xmpp-client.ts'
import { freePort } from '../../../../tools/src/index.ts'
import type { RosterTarget } from './target.ts'

// Against ejabberd 23.01; what 24.12 does differently is in ejabberd-http-stand-in.test.ts.

let ejabberd: TestEjabberd
let target: RosterTarget

beforeAll(async () => {
  ejabberd = await startEjabberd()
  target = targetFor(ejabberd.url, { headers: ejabberd.headers })
  await target.check?.(soon())
}, 120_000)
afterAll(async () => {
  await target?.close()
  await ejabberd?.stop()
})

let made = 0
/** Somebody with an account, known to no other test. */
async function someone(name = 'user', host?: string): Promise<User> {
  made += 1
  const username = `${name}${made}`
  await ejabberd.register(username, host)
  return user(`${username}@${host ?? 'localhost'}`)
}

const contactOf = ({ jid }: User, name?: string, groups?: string[], subscription?: Contact['subscription']): Contact =>
  contact(jid, name, groups, subscription)

const rosterOf = (...contacts: readonly Contact[]): Roster => new Map(contacts.map((one) => [one.jid, one]))

/** As the gateway does. Returns how much was written. */
async function sync(who: User, desired: Roster): Promise<number> {
  const { puts, removes } = planSync(desired, await target.get(who, soon()), { kind: 'all' })
  for (const one of puts) await target.put(who, one, soon())
  for (const one of removes) await target.remove(who, one, soon())
  return puts.length + removes.length
}

describe('a roster', () => {
  it('of somebody without contacts is empty', async () => {
    expect(await target.get(await someone(), soon())).toEqual(new Map())
  })

  it('comes back as it was written', async () => {
    const john = await someone()
    const roster = rosterOf(
      contact('aaron@localhost', 'Aaron', ['Friends', 'Team 1']),
      contact('marie@elsewhere.test', 'Marie “M” <&\'"> \t 日本 🙂', ['a/b', 'Ärzte', '日本']),
      contact('service.localhost'),
      ...SUBSCRIPTIONS.map((subscription) => contact(`${subscription}@localhost`, '', [], subscription)),
    )
    for (const one of roster.values()) await target.put(john, one, soon())
    expect(await target.get(john, soon())).toEqual(roster)
  })

  it.each<[string, Contact]>([
    ['a name', contact('aaron@localhost', 'Aaron the Second', ['A'])],
    ['no name any more', contact('aaron@localhost', '', ['A'])],
    ['other groups', contact('aaron@localhost', 'Aaron', ['B', 'C'])],
    ['no groups any more', contact('aaron@localhost', 'Aaron')],
    ['a subscription', contact('aaron@localhost', 'Aaron', ['A'], 'none')],
  ])('takes a change: %s', async (_, changed) => {
    const john = await someone()
    await target.put(john, contact('aaron@localhost', 'Aaron', ['A']), soon())
    await target.put(john, changed, soon())
    expect(await target.get(john, soon())).toEqual(rosterOf(changed))
  })

  it('that somebody else has written has its groups in order', async () => {
    const john = await someone()
    await ejabberd.command('add_rosteritem', {
      ...{ localuser: john.username, localhost: john.domain, user: 'aaron', host: 'localhost' },
      ...{ nick: 'Aaron', group: 'B;A;;B', subs: 'both' },
    })
    expect(await target.get(john, soon())).toEqual(rosterOf(contact('aaron@localhost', 'Aaron', ['A', 'B'])))
  })

  it('loses a contact; one who is not there is no error', async () => {
    const john = await someone()
    const [aaron, marie] = [contact('aaron@localhost'), contact('marie@localhost')]
    for (const one of [aaron, marie]) await target.put(john, one, soon())
    for (let i = 0; i < 2; i++) await target.remove(john, aaron.jid, soon())
    expect(await target.get(john, soon())).toEqual(rosterOf(marie))
  })

  it('of 1,000 contacts takes one write for one name', async () => {
    const john = await someone()
    const contacts = Array.from({ length: 1_000 }, (_, i) => contact(`c${i}@localhost`, `Contact ${i}`, ['A', 'B']))
    expect(await sync(john, rosterOf(...contacts))).toBe(1_000)
    const renamed = rosterOf(...contacts, contact('c500@localhost', 'Renamed', ['A', 'B']))
    expect(await sync(john, renamed)).toBe(1)
    expect(await target.get(john, soon())).toEqual(renamed)
  }, 120_000)
})

describe('removing a contact', () => {
  it.each(['localhost', 'elsewhere.test'])('takes the subscription from his side too, on %s', async (host) => {
    const john = await someone()
    const aaron = await someone('aaron', host)
    const there = targetFor(ejabberd.url, { headers: ejabberd.headers, domain: aaron.domain })
    onTestFinished(() => there.close())
    await target.put(john, contactOf(aaron), soon())
    await there.put(aaron, contactOf(john, 'John', ['Friends']), soon())

    await target.remove(john, aaron.jid, soon())
    const left = contactOf(john, 'John', ['Friends'], 'none')
    await expect.poll(() => there.get(aaron, soon())).toEqual(rosterOf(left))

    await there.remove(aaron, john.jid, soon())
    expect(await there.get(aaron, soon())).toEqual(new Map())
    expect(await target.get(john, soon())).toEqual(new Map())
  })

  it('that he keeps is mended by writing his side again', async () => {
    const [john, aaron] = [await someone(), await someone('aaron')]
    const kept = rosterOf(contactOf(john, 'John', [], 'to'))
    await target.put(john, contactOf(aaron), soon())
    await sync(aaron, kept)
    await target.remove(john, aaron.jid, soon())
    expect(await sync(aaron, kept)).toBe(1)
    expect(await target.get(aaron, soon())).toEqual(kept)
  })
})

describe('a client that is online', () => {
  async function online(who: User): Promise<XmppClient> {
    return onlineClient({
      service: ejabberd.service,
      domain: who.domain,
      username: who.username,
      password: 'secret',
    })
  }

  it('is told of each change by a roster push, and of who is there by presence', async () => {
    const [john, aaron] = [await someone('john'), await someone('aaron')]
    const [johns, aarons] = [await online(john), await online(aaron)]

    await target.put(john, contactOf(aaron, 'Aaron', ['Friends', 'Team']), soon())
    await target.put(aaron, contactOf(john, 'John'), soon())
    const item = { jid: aaron.jid, name: 'Aaron', groups: ['Friends', 'Team'], subscription: 'both' }
    await expect.poll(() => johns.pushes).toMatchObject([item])
    await expect.poll(() => johns.presences).toContainEqual(presence(aarons.jid, 'available'))
    await expect.poll(() => aarons.presences).toContainEqual(presence(johns.jid, 'available'))

    await target.put(john, contactOf(aaron, 'Aaron II', ['Friends', 'Team']), soon())
    await target.put(john, contactOf(aaron, 'Aaron II', ['Team']), soon())
    const renamed = { ...item, name: 'Aaron II' }
    await expect.poll(() => johns.pushes).toMatchObject([item, renamed, { ...renamed, groups: ['Team'] }])

    await target.remove(john, aaron.jid, soon())
    await expect.poll(() => johns.pushes.at(-1)).toMatchObject({ jid: aaron.jid, subscription: 'remove' })
    await expect.poll(() => aarons.pushes.at(-1)).toMatchObject({ jid: john.jid, name: 'John', subscription: 'none' })
    await expect.poll(() => aarons.presences).toContainEqual(presence(johns.jid, 'unavailable'))
    expect(await johns.roster()).toEqual([])
  })
})

const presence = (from: string, type: string) => expect.objectContaining({ from, type })

describe('a name', () => {
  const hostile = [
    'a#b',
    'a?x=1',
    'a;b',
    'a%2fb',
    '__proto__',
    'constructor',
    '12345',
    '{x}',
    '*',
    '日本',
    'o\\27brien',
    'ı',
    'éa',
  ]

  it.each(hostile)('%s is a user and a contact like any other', async (name) => {
    await ejabberd.register(name)
    const who = user(`${name}@localhost`)
    const roster = rosterOf(...hostile.map((text) => contact(`${text}@localhost`, text)))
    await sync(who, roster)
    expect(await target.get(who, soon())).toEqual(roster)
    expect(await sync(who, rosterOf())).toBe(hostile.length)
    expect(await target.get(who, soon())).toEqual(new Map())
  })

  it.each([
    ['straße', 'strasse'],
    ['άρης', 'άρησ'],
    ['ᾳ', 'αι'],
  ])('%s, which ejabberd takes for %s, is refused', async (name, taken) => {
    const [john, mistaken] = [await someone(), user(`${name}@localhost`)]
    const refused = { scope: 'user', isTemporary: false, message: expect.stringContaining(taken) }
    await expect(target.put(john, contactOf(mistaken), soon())).rejects.toMatchObject({
      code: 'target-refused',
      ...refused,
    })
    await ejabberd.register(taken)
    const unknown = { code: 'target-user-unknown', ...refused }
    await expect(target.get(mistaken, soon())).rejects.toMatchObject(unknown)
    await expect(target.put(mistaken, contactOf(john), soon())).rejects.toMatchObject(unknown)

    // It does what is refused for it.
    await ejabberd.command('add_rosteritem', {
      ...{ localuser: john.username, localhost: john.domain, user: name, host: 'localhost' },
      ...{ nick: '', group: '', subs: 'both' },
    })
    expect([...(await target.get(john, soon())).keys()]).toEqual([`${taken}@localhost`])
  })

  it('with a letter that ejabberd does not know is refused, as a contact and as a user', async () => {
    const [john, young] = [await someone(), 'ꙁ@localhost']
    const refused = { scope: 'user', isTemporary: false, message: expect.stringContaining(young) }
    await expect(target.put(john, contact(young), soon())).rejects.toMatchObject({ code: 'target-refused', ...refused })
    await expect(target.get(user(young), soon())).rejects.toMatchObject({ code: 'target-user-unknown', ...refused })
    const unknown = { ...refused, code: 'target-user-unknown' }
    await expect(target.put(user(young), contact('aaron@localhost'), soon())).rejects.toMatchObject(unknown)
  })

  it('of a group with a semicolon is refused: ejabberd would make two of it', async () => {
    const john = await someone()
    await expect(target.put(john, contact('aaron@localhost', '', ['A;B']), soon())).rejects.toMatchObject({
      code: 'target-refused',
      scope: 'user',
      isTemporary: false,
      message: expect.stringContaining('"A;B" of aaron@localhost'),
    })
    expect(await target.get(john, soon())).toEqual(new Map())
  })
})

describe('what is configured wrongly', () => {
  const wrong = (config: Parameters<typeof targetFor>[1], url = ejabberd.url): RosterTarget => {
    const other = targetFor(url, { headers: ejabberd.headers, ...config })
    onTestFinished(() => other.close())
    return other
  }

  it.each([
    [
      'a wrong password',
      { Authorization: basic('rollcall@localhost', 'wrong') },
      'target-unauthorised',
      /Authorization/,
    ],
    ['no credentials', {}, 'target-not-granted', /api_permissions/],
  ])('%s', async (_, headers, code, message) => {
    const other = wrong({ headers })
    const expected = { code, scope: 'target', message: expect.stringMatching(message) }
    await expect(other.check?.(soon())).rejects.toMatchObject(expected)
    await expect(other.get(await someone(), soon())).rejects.toMatchObject(expected)
  })

  it('an account without rights', async () => {
    const { username } = await someone()
    const headers = { Authorization: basic(`${username}@localhost`, 'secret') }
    await expect(wrong({ headers }).check?.(soon())).rejects.toMatchObject({ code: 'target-not-granted' })
  })

  it('a domain that is not served', async () => {
    await expect(wrong({ domain: user('x@unknown.test').domain }).check?.(soon())).rejects.toMatchObject({
      code: 'target-domain-unknown',
      scope: 'target',
      message: expect.stringMatching(/unknown\.test.*localhost, elsewhere\.test/),
    })
  })

  it('a path that is not that of the API', async () => {
    const url = ejabberd.url.replace(/api$/, 'ipa')
    await expect(wrong({}, url).check?.(soon())).rejects.toMatchObject({
      code: 'target-answer-invalid',
      scope: 'target',
    })
  })

  it('a port at which nobody listens', async () => {
    const url = `http://127.0.0.1:${await freePort()}/api`
    await expect(wrong({}, url).check?.(soon())).rejects.toMatchObject({ code: 'target-unreachable', scope: 'target' })
  })
})

it.each(['status', 'register', 'get_vcard', 'process_rosteritems', 'registered_users'])(
  'the deployed configuration does not let the account of Rollcall use %s',
  async (command) => {
    const { status } = await send(`${ejabberd.url}/${command}`, {
      method: 'POST',
      headers: ejabberd.headers,
      body: JSON.stringify(ARGUMENTS[command] ?? {}),
    })
    expect(status).toBe(403)
  },
)

/** With the right ones, or arguments are what is complained of. */
const ARGUMENTS: Readonly<Record<string, object>> = {
  register: { user: 'mallory', host: 'localhost', password: 'secret' },
  get_vcard: { user: 'rollcall', host: 'localhost', name: 'FN' },
  process_rosteritems: { action: 'delete', subs: 'any', asks: 'any', users: 'any', contacts: 'any' },
  registered_users: { host: 'localhost' },
}

it('a user without an account gets no roster', async () => {
  const nobody = user('nobody@localhost')
  expect(await target.get(nobody, soon())).toEqual(new Map())
  const unknown = { code: 'target-user-unknown', scope: 'user', isTemporary: false }
  await expect(target.put(nobody, contact('aaron@localhost'), soon())).rejects.toMatchObject(unknown)
  await expect(target.remove(nobody, jid('aaron@localhost'), soon())).rejects.toMatchObject(unknown)
  expect(await target.get(nobody, soon())).toEqual(new Map())
})

it('an ejabberd that hangs ends an attempt by its deadline', async () => {
  const proxy = await tcpProxy(ejabberd.apiPort)
  const hanging = targetFor(`http://127.0.0.1:${proxy.port}/api`, { headers: ejabberd.headers })
  onTestFinished(() => hanging.close())
  const john = await someone()
  await hanging.check?.(soon())
  proxy.silence('POST')
  await expect(hanging.get(john, AbortSignal.timeout(100))).rejects.toMatchObject({
    code: 'target-timeout',
    scope: 'target',
  })
})

it('an ejabberd that is killed in the middle has the right rosters when it is back and they are compared', async () => {
  const john = await someone()
  const roster = rosterOf(...Array.from({ length: 300 }, (_, i) => contact(`c${i}@localhost`, `Contact ${i}`, ['A'])))
  let written = 0
  async function writeOnAndOn(): Promise<never> {
    for (;;) {
      for (const one of roster.values()) {
        await target.put(john, one, soon())
        written += 1
      }
    }
  }
  const failure = writeOnAndOn().catch((error: unknown) => error)
  await expect.poll(() => written).toBeGreaterThan(20)
  await ejabberd.kill()
  expect(await failure).toMatchObject({ code: 'target-unreachable', scope: 'target', isTemporary: true })
  await expect(target.get(john, soon())).rejects.toMatchObject({ code: 'target-unreachable' })

  await ejabberd.start()
  await ejabberd.register(john.username) // what was written in the last moments may be lost
  await sync(john, roster)
  expect(await target.get(john, soon())).toEqual(roster)
}, 120_000)
