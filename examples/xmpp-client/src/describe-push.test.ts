import { expect, it } from 'vitest'
import { describePush } from './describe-push.ts'
import type { RosterItem } from './roster-item.ts'

const aaron: RosterItem = {
  jid: 'aaron@localhost',
  name: 'Aaron Jackson',
  groups: ['Friends'],
  subscription: 'both',
}

it('says who is new, and how', () => {
  expect(describePush(undefined, aaron)).toBe('aaron is now a contact ("Aaron Jackson", Friends, both)')
  expect(describePush(undefined, { ...aaron, groups: [] })).toBe(
    'aaron is now a contact ("Aaron Jackson", no group, both)',
  )
})

it('says who is gone', () => {
  const removal = { jid: aaron.jid, name: '', groups: [], subscription: 'remove' }
  expect(describePush(aaron, removal)).toBe('aaron is no longer a contact (was "Aaron Jackson", Friends, both)')
  expect(describePush(undefined, removal)).toBe('aaron is no longer a contact')
})

it('says what is different of a contact', () => {
  expect(describePush(aaron, { ...aaron, name: 'A "B"' })).toBe(
    String.raw`aaron is now called "A \"B\"" (was "Aaron Jackson")`,
  )
  expect(describePush(aaron, { ...aaron, groups: ['Football', 'Work'] })).toBe(
    'aaron is now in Football and Work (was in Friends)',
  )
  expect(describePush(aaron, { ...aaron, name: 'Ari', subscription: 'to' })).toBe(
    'aaron is now called "Ari" (was "Aaron Jackson") and has now the subscription to (was both)',
  )
  expect(describePush(aaron, aaron)).toBe('aaron was pushed again, with nothing new')
})
