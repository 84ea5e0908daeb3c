import { parseRoster, toContactsBody } from '@rollcall/roster'
import { describe, expect, test } from 'vitest'
import { rosterText, serialIn, storedText, userNamed, usernameOf } from './rosters.ts'

describe('rosters of the campaign', () => {
  test.each([0, 1, 2, 3, 4, 4711])('what Rollcall makes of the roster of user %i is known beforehand', (user) => {
    const parsed = parseRoster(rosterText(user, 12), { maxContacts: 10 })
    if (parsed.kind === 'invalid') throw new Error(parsed.message)
    expect(storedText(user, 12)).toBe(toContactsBody(parsed.roster))
  })

  test('a stored roster tells its serial, unless it is damaged or of another user', () => {
    expect(serialIn(4, storedText(4, 12))).toBe(12)
    expect(serialIn(5, storedText(4, 12))).toBeNull()
    expect(serialIn(4, storedText(4, 12).replace('"to"', '"both"'))).toBeNull()
    expect(serialIn(4, '{}')).toBeNull()
  })

  test('usernames', () => {
    expect(userNamed(usernameOf(42))).toBe(42)
  })
})
