import { describe, expect, it } from 'vitest'
import { roster, user } from '../test/arbitraries.ts'
import { forAll } from '../test/for-all.ts'
import type { BareJid } from './bare-jid.ts'
import { decodeChange, encodeChange, MAX_CHANGE_BYTES } from './change.ts'
import type { Contact } from './contact.ts'
import { diffRosters } from './diff-rosters.ts'

const entry = { id: '1767323045678-3', user: 'john@example.org', version: '7' }

const contacts = (count: number, name: string): Contact[] =>
  Array.from({ length: count }, (_, i) => ({
    jid: `c${i}@example.org` as BareJid,
    name,
    groups: [],
    subscription: 'both',
  }))

describe('an entry of the change log', () => {
  it('is read back as what happened', () => {
    forAll([user, roster, roster], (someone, before, after) => {
      const diff = diffRosters(before, after)
      const counts = { added: diff.added.length, updated: diff.updated.length, removed: diff.removed.length }
      const change = decodeChange({ ...entry, user: someone.jid, diff: encodeChange(diff) })
      expect(change).toStrictEqual({ user: someone.jid, version: 7, fetchedAt: 1767323045678, ...diff, counts })
    })
  })

  it.each([
    ['many contacts', contacts(10_000, 'x')],
    ['long names', contacts(50, 'x'.repeat(200))],
    ['long names of few characters and many bytes', contacts(50, '日'.repeat(100))],
  ])('is truncated to its counts when it is long: %s', (_, added) => {
    const removed = ['a@example.org' as BareJid]
    const diff = encodeChange({ added, updated: [], removed })
    expect(decodeChange({ ...entry, diff })).toStrictEqual({
      user: entry.user,
      version: 7,
      fetchedAt: 1767323045678,
      added: [],
      updated: [],
      removed: [],
      counts: { added: added.length, updated: 0, removed: 1 },
      truncated: true,
    })
  })

  it('is its counts when it was compared with nothing, since the roster before is not known', () => {
    const diff = encodeChange({ added: contacts(2, 'x'), updated: [], removed: [] }, false)
    expect(decodeChange({ ...entry, diff })).toMatchObject({ added: [], counts: { added: 2 }, truncated: true })
  })

  it('is truncated just above the limit, in bytes', () => {
    const withName = (length: number) =>
      encodeChange({ added: contacts(1, '日'.repeat(length)), updated: [], removed: [] })
    const room = MAX_CHANGE_BYTES - Buffer.byteLength(withName(0))
    const most = Math.floor(room / 3)
    expect(withName(most)).not.toContain('truncated')
    expect(withName(most + 1)).toContain('truncated')
  })

  it('is not truncated for being many, as long as it is short', () => {
    const few = Array.from(
      { length: 150 },
      (_, i): Contact => ({ jid: `${String.fromCharCode(97 + (i % 26))}` as BareJid, groups: [], subscription: 'to' }),
    )
    expect(encodeChange({ added: few, updated: [], removed: [] })).not.toContain('truncated')
  })

  it('that is none is an error', () => {
    expect(() => decodeChange({ ...entry, diff: '{}' })).toThrow()
  })
})
