import type { BareJid, Domain } from '@rollcall/roster'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshStoreOfFile } from '../../../test/support/fresh-store.ts'
import { type CancelDeps, cancelRefresh } from './cancel-refresh.ts'
import { listingOf } from './refresh-index.ts'
import { type RefreshRecords, refreshRecords } from './refresh-records.ts'
import { chunksOf, headerOf } from './refresh-users.ts'

const fresh = freshStoreOfFile()
let records: RefreshRecords

beforeAll(() => {
  records = refreshRecords({ redis: fresh.redis, replica: 'mine', ttlS: 60, index: { accepted: listingOf } })
})
afterAll(() => records.close())

test('who was never asked for is counted once, by the call that finds that nobody asks for him any more', async () => {
  const users = Array.from({ length: 700 }, (_, i) => `user-${i}@example.org` as BareJid)
  const chunks = chunksOf(users, 1)
  const header = headerOf({ caller: 'app', domain: 'example.org' as Domain, users, unusable: [] }, chunks)
  await records.accept(header, chunks)
  const queue = { withdraw: async () => {}, enqueue: async () => {} } as unknown as CancelDeps['queue']
  const cancel = () => cancelRefresh(header, { records, shards: 1, store: fresh.store, queue })
  expect(await cancel(), 'whoever takes it in is slow').toEqual({ done: 0, left: 700 })
  await records.takenIn(header.id)
  expect(await cancel()).toEqual({ done: 700, left: 0 })
  expect(await cancel()).toEqual({ done: 0, left: 0 })
})
