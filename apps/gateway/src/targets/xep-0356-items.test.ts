import { xml } from '@xmpp/component'
import { expect, test } from 'vitest'
import { readRoster } from './xep-0356-items.ts'

const item = (attributes: Record<string, string>, ...groups: string[]) =>
  xml('item', attributes, ...groups.map((group) => xml('group', {}, group)))

const read = (...items: ReturnType<typeof item>[]) => {
  const unreadable: string[] = []
  const roster = readRoster(xml('query', { xmlns: 'jabber:iq:roster' }, ...items), (jid) => unreadable.push(jid))
  return { contacts: [...roster.values()], unreadable }
}

test('an item is a contact: its JID normalised, its groups in order, what it does not say by default', () => {
  const { contacts } = read(
    item({ jid: 'Aaron@EXAMPLE.org', name: 'Aaron', subscription: 'both', approved: 'true' }, 'Team', 'Friends', ''),
    item({ jid: 'bert@example.org', name: '', ask: 'subscribe' }),
    item({ jid: 'example.net', subscription: 'sideways', approved: 'false' }),
  )
  expect(contacts).toEqual([
    { jid: 'aaron@example.org', name: 'Aaron', groups: ['Friends', 'Team'], subscription: 'both', approved: true },
    { jid: 'bert@example.org', groups: [], subscription: 'none', ask: 'subscribe' },
    { jid: 'example.net', groups: [], subscription: 'none' },
  ])
})

test('what has no valid JID is left out and told of', () => {
  const { contacts, unreadable } = read(item({ jid: 'a b@example.org' }), item({}), item({ jid: 'aaron@example.org' }))
  expect(contacts.map(({ jid }) => jid)).toEqual(['aaron@example.org'])
  expect(unreadable).toEqual(['a b@example.org', ''])
})
