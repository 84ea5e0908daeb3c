import { setImmediate as turn } from 'node:timers/promises'
import type { BareJid, Domain } from '@rollcall/roster'
import { createLog, type Walk, type WalkPage } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { startWalk } from './walk-users.ts'

const walk: Walk = { id: 'w', kind: 'reconcile', after: '', done: 0 }
const john: WalkPage = { users: ['john@example.org' as BareJid], behind: { ...walk, after: 'john', done: 1 } }

test('a walk ends although Redis was away in each of its steps', async () => {
  const calls: string[] = []
  const awayOnce = (name: string): void => {
    calls.push(name)
    if (calls.filter((call) => call === name).length === 1) throw new Error('away')
  }
  await new Promise<void>((resolve) => {
    startWalk({
      walk,
      domain: 'example.org' as Domain,
      perSecond: 1_000,
      changes: {
        walkOn: async (_, { after }) => {
          awayOnce('walkOn')
          return after === '' ? john : null
        },
        writeWalk: async () => {
          awayOnce('writeWalk')
          return 1
        },
        endWalk: async () => awayOnce('endWalk'),
      },
      bring: (_, ended) => ended(true),
      onEnd: resolve,
      log: createLog({ level: 'silent', name: 'test' }),
    })
  })
  expect(calls.filter((call) => call === 'endWalk')).toHaveLength(2)
})

test('users whom this gateway does not serve any longer are not gone through over and over', async () => {
  let brought = 0
  const walking = startWalk({
    walk,
    domain: 'example.org' as Domain,
    perSecond: 100_000,
    changes: { walkOn: async () => john, writeWalk: async () => 1, endWalk: async () => {} },
    bring: (_, ended) => {
      brought++
      ended(false)
    },
    onEnd: () => {},
    log: createLog({ level: 'silent', name: 'test' }),
  })
  for (let i = 0; i < 100; i++) await turn()
  expect(brought).toBe(1)
  walking.stop()
})
