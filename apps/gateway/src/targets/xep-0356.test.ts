import { type BareJid, type Contact, planSync, sortedGroups } from '@rollcall/roster'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { startProsody } from '../../../../test/support/prosody.ts'
import {
  aaron,
  connected,
  contact,
  jid,
  john,
  putAll,
  rosterOf,
  soon,
  user,
} from '../../../../test/support/xep-0356-target.ts'

describe('a roster on Prosody', () => {
  test('is what was written: names, groups, subscriptions; changed, removed, and removed again', async () => {
    const prosody = await startProsody()
    await prosody.addUsers('john') // who has never logged in
    const target = await connected(prosody)
    const contacts = [
      contact('aaron', { name: 'Aaron', groups: ['Friends', 'Team'] }),
      contact('bert', { subscription: 'none' }),
      contact('carl', { name: 'Carl', subscription: 'from' }),
      { ...contact('dora', { subscription: 'to' }), jid: 'gateway.example.net' as BareJid },
    ]
    expect(await target.get(john, soon())).toEqual(new Map())
    await putAll(target, john, contacts)
    expect(await target.get(john, soon())).toEqual(rosterOf(...contacts))

    const renamed = contact('aaron', { name: 'Aaron B.', groups: ['Team'], subscription: 'to' })
    const nameless = contact('carl')
    await putAll(target, john, [renamed, nameless])
    await target.remove(john, jid('bert'), soon())
    await target.remove(john, jid('bert'), soon())
    expect(await target.get(john, soon())).toEqual(rosterOf(renamed, nameless, contacts[3] as Contact))
  })

  test('reaches whoever is online, one push for each write', async () => {
    const prosody = await startProsody()
    await prosody.addUsers('john', 'aaron')
    const target = await connected(prosody)
    const client = await prosody.client('john')
    const pushed = () => client.pushes.map(({ at, ...item }) => item)

    const added = contact('aaron', { name: 'Aaron', groups: ['Friends'] })
    const written = [added, { ...added, name: 'Aaron B.' }, { ...added, name: 'Aaron B.', groups: ['Friends', 'Team'] }]
    await putAll(target, john, written)
    await target.remove(john, added.jid, soon())
    await expect.poll(() => pushed().length).toBe(4)
    expect(pushed()).toEqual([...written, { jid: added.jid, name: '', groups: [], subscription: 'remove' }])
    expect(await client.roster()).toEqual([])
  })

  test('of 1,000 contacts with letters of all kinds is read as it is: one of them renamed is one write', async () => {
    const prosody = await startProsody()
    const contacts = Array.from({ length: 1_000 }, (_, i) =>
      contact(`user${i}`, { name: `Zoë ☃ 日本 ${'é'.repeat(i % 7)} 🙂${i}`, groups: ['Freunde', `Größe ${i % 5}`] }),
    )
    await prosody.addUser('john', contacts)
    const target = await connected(prosody)
    const client = await prosody.client('john')
    const desired = new Map(rosterOf(...contacts)).set(jid('user500'), contact('user500', { name: 'Somebody else' }))
    const plan = planSync(desired, await target.get(john, soon()), { kind: 'all' })
    expect(plan).toMatchObject({ puts: [{ name: 'Somebody else' }], removes: [] })
    await putAll(target, john, plan.puts)
    expect(await target.get(john, soon())).toEqual(desired)
    await expect.poll(() => client.pushes.map(({ name }) => name)).toEqual(['Somebody else'])
  })
})

describe('names', () => {
  test('whatever a backend calls somebody arrives, or differs only by what XML makes of line breaks', async () => {
    const prosody = await startProsody()
    await prosody.addUsers('john')
    const target = await connected(prosody)
    const text = fc.oneof(
      fc.constantFrom(
        '<img src=x onerror=alert(1)>',
        `'"&amp;&lt;<![CDATA[]]>`,
        '</item></query></iq>',
        '\t\r\n',
        '%s',
        ' ',
      ),
      fc.string({ unit: 'binary', maxLength: 20 }).map((given) => given.replace(NOT_IN_XML, '')),
    )
    const named = fc.record({ name: text, groups: fc.array(text, { maxLength: 3 }) })
    const contacts = fc
      .sample(named, 100)
      .map(({ name, groups }, i) =>
        contact(`user${i}`, { name, groups: sortedGroups(groups.filter((group) => group !== '')) }),
      )
    const desired = rosterOf(...contacts)
    await putAll(target, john, desired.values())
    expect(planSync(desired, await target.get(john, soon()), { kind: 'all' })).toMatchObject({ puts: [], removes: [] })
  })

  test.each<[string, Partial<Contact>, string]>([
    ['a control character in the name', { name: 'A\u0000B' }, 'XML cannot carry'],
    ['half a surrogate pair in a group', { groups: ['\uD800'] }, 'XML cannot carry'],
    ['a character that is none', { name: '\uFFFE' }, 'XML cannot carry'],
    ['more than a server takes', { name: 'x'.repeat(600_000) }, 'larger than 65536 bytes'],
    ['the user himself', { jid: john.jid }, 'nobody is his own contact'],
    ['a name that servers write in another way', { jid: jid('straße') }, 'write ß in another way'],
    ['a name that is in part written from right to left', { jid: jid('aא') }, 'from right to left'],
  ])('%s is refused, and nobody else notices', async (_, more, why) => {
    const prosody = await startProsody()
    await prosody.addUsers('john', 'aaron')
    const target = await connected(prosody)
    const refusal = { code: 'target-refused', scope: 'user', isTemporary: false, message: expect.stringContaining(why) }
    await expect(target.put(john, contact('bad', more), soon())).rejects.toMatchObject(refusal)
    await target.put(aaron, contact('john'), soon())
    expect(await target.get(john, soon())).toEqual(new Map())
  })

  test('a user whom the server would take for another one is refused', async () => {
    const prosody = await startProsody()
    await prosody.addUsers('strasse')
    const target = await connected(prosody)
    for (const attempt of [target.put(user('straße'), contact('aaron'), soon()), target.get(user('straße'), soon())]) {
      await expect(attempt).rejects.toMatchObject({ code: 'target-refused', scope: 'user' })
    }
    expect(await target.get(user('strasse'), soon())).toEqual(new Map())
  })

  test('names of one direction are taken', async () => {
    const prosody = await startProsody()
    await prosody.addUsers('john', 'אבג')
    const target = await connected(prosody)
    const contacts = ['אבג', 'א1ב', 'شخص', '日本', 'ünal', 'ı'].map((name) => contact(name))
    await putAll(target, john, contacts)
    expect(await target.get(john, soon())).toEqual(rosterOf(...contacts))
    await target.put(user('אבג'), contact('john'), soon())
  })
})

describe('a user who does not exist', () => {
  test('has an empty roster, and cannot be given one', async () => {
    const prosody = await startProsody()
    const target = await connected(prosody)
    expect(await target.get(john, soon())).toEqual(new Map())
    const failure = { code: 'target-user-unknown', scope: 'user', isTemporary: false }
    await expect(target.put(john, contact('aaron'), soon())).rejects.toMatchObject(failure)
    await expect(target.remove(john, jid('aaron'), soon())).rejects.toMatchObject(failure)
    await prosody.addUsers('john')
    await target.put(john, contact('aaron'), soon())
  })
})

const NOT_IN_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu
