import type { BareJid } from '@rollcall/roster'
import { expect, test } from 'vitest'
import {
  byShard,
  refreshChunkKey,
  refreshId,
  refreshKey,
  refreshOwnerKey,
  shardKeys,
  shardOf,
  shardOfRefresh,
} from './keys.ts'

/** What Redis Cluster hashes of a key: what stands in its first braces. */
const hashTag = (key: string) => /^[^{]*\{([^}]+)\}/.exec(key)?.[1]
const jids = Array.from({ length: 1000 }, (_, i) => `user${i}@example.org` as BareJid)

test.each(['john', '{x}', '{0}', '}{', '*', '__proto__'])(
  'all keys of a shard are in one slot, also of user %s',
  (name) => {
    const { user, roster, jobLock, jobOf, failedGroup, ...keys } = shardKeys(7)
    const jid = `${name}@example.org` as BareJid
    const ofUser = [user, roster, jobOf].map((key) => key(jid))
    const all = [...Object.values(keys), ...ofUser, jobLock(name), failedGroup(name)]
    expect(new Set(all.map((key) => hashTag(String(key))))).toEqual(new Set(['7']))
  },
)

test('no two keys of a shard are the same, nor of two shards', () => {
  const keysOf = (shard: number) => {
    const { user, roster, jobLock, jobOf, failedGroup, ...keys } = shardKeys(shard)
    return [
      ...Object.values(keys).map(String),
      ...['open', 'epoch', 'a:b'].flatMap((id) => [
        ...[user, roster, jobOf].map((key) => key(id as BareJid)),
        jobLock(id),
      ]),
      ...['backend-status:groups', 'never-known:open'].map(failedGroup),
    ]
  }
  const all = [...keysOf(0), ...keysOf(1)]
  expect(new Set(all).size).toBe(all.length)
})

// A change of these would send every user of a running installation to another shard.
test.each([
  ['john@example.org', 2],
  ['日本@example.org', 3],
  ['12345@example.org', 1],
])('of 8 shards, that of %s stays %i', (jid, shard) => {
  expect(shardOf(jid as BareJid, 8)).toBe(shard)
})

test('one shard: everybody is in it', () => {
  expect(jids.every((jid) => shardOf(jid, 1) === 0)).toBe(true)
})

test.each([2, 3, 8])('users are spread over %i shards, none twice as full as it should be', (shards) => {
  for (let shard = 0; shard < shards; shard++) {
    const share = (jids.filter((jid) => shardOf(jid, shards) === shard).length * shards) / jids.length
    expect(share).toBeGreaterThan(0.5)
    expect(share).toBeLessThan(1.5)
  }
})

test.each([1, 3])('grouped by %i shards, everybody is there once, in his shard, in the order given', (shards) => {
  const groups = byShard(jids, (jid) => jid, shards)
  expect([...groups.values()].flat().sort()).toEqual([...jids].sort())
  for (const [shard, group] of groups) expect(group).toEqual(jids.filter((jid) => shardOf(jid, shards) === shard))
})

test.each([1, 3])('nobody: no groups of %i shards', (shards) => {
  expect(byShard([], (jid: BareJid) => jid, shards).size).toBe(0)
})

test.each([0, 7, 255, 1023])('the record of a refresh is in shard %i, as its id says', (shard) => {
  const id = refreshId(shard)
  expect(id).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  expect(shardOfRefresh(id)).toBe(shard)
  for (const key of [refreshKey(id), refreshChunkKey(id, 3), refreshOwnerKey(id)])
    expect(hashTag(key)).toBe(String(shard))
})
