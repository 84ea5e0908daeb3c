import type { BareJid, Domain } from '@rollcall/roster'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freshRedisUrl } from '../../../../test/support/fresh-redis.ts'
import { deliveryKeys, shardKeys } from '../keys.ts'
import { nameOf } from '../store/names.ts'
import { targetLog } from './target-log.ts'
import { numberOfChange, type Walk } from './target-walks.ts'

let redis: Redis
beforeEach(async () => {
  redis = new Redis(await freshRedisUrl())
})
afterEach(() => redis.disconnect())

const domain = 'example.org' as Domain
const { gone, names } = shardKeys(0)
const log = () => targetLog({ redis, target: 'hook', shard: 0 })

const store = (of: string, name: string) => redis.zadd(names, 0, nameOf(of as Domain, name))
const go = (id: string, jid: string) => redis.zadd(gone, numberOfChange(id), jid)

/** The pages of a walk, of so many users at most. */
async function pagesOf(walk: Pick<Walk, 'goneAfter'>, most: number): Promise<BareJid[][]> {
  const pages: BareJid[][] = []
  let at: Walk = { id: 'w', kind: 'reconcile', after: '', done: 0, ...walk }
  for (;;) {
    const page = await log().walkOn(domain, at, most)
    if (!page) break
    pages.push([...page.users])
    at = page.behind
  }
  expect(at.done).toBe(pages.flat().length)
  return pages
}

test('a walk goes through the stored users of a domain, each once', async () => {
  for (const name of ['c', 'a', 'b']) await store('example.org', name)
  await store('example.com', 'd')
  await store('example.org.uk', 'e')
  expect(await pagesOf({}, 1)).toEqual([['a@example.org'], ['b@example.org'], ['c@example.org']])
  expect(await pagesOf({}, 10)).toEqual([['a@example.org', 'b@example.org', 'c@example.org']])
})

test('a walk goes through those before who went after a change, in the order in which they went', async () => {
  await store('example.org', 'stored')
  await go('1700000000000-0', 'long-gone@example.org')
  await go('1700000000000-2', 'b@example.org')
  await go('1700000000000-1', 'a@example.org')
  await go('1700000000001-0', 'other@example.com')
  await go('1700000000001-1', 'c@example.org')
  const from = (id: string) => ({ goneAfter: numberOfChange(id) })
  const stored = ['stored@example.org']
  expect(await pagesOf(from('1700000000000-0'), 10)).toEqual([
    ['a@example.org', 'b@example.org', 'c@example.org'],
    stored,
  ])
  expect(await pagesOf(from('1700000000000-0'), 1)).toEqual([
    ['a@example.org'],
    ['b@example.org'],
    [], // of another domain
    ['c@example.org'],
    [],
    stored,
  ])
  expect(await pagesOf({ goneAfter: 0 }, 10)).toEqual([
    ['long-gone@example.org', 'a@example.org', 'b@example.org', 'c@example.org'],
    stored,
  ])
  expect(await pagesOf(from('1700000000002-0'), 10)).toEqual([[], stored])
})

test('a walk begins together with the position behind what was missed, and survives', async () => {
  const position = { epoch: 'e', id: '9-0' }
  const walk = await log().beginWalk('reconcile', { position, goneAfter: 7 })
  expect(await log().delivery()).toMatchObject({ position, walk: { kind: 'reconcile', goneAfter: 7 } })
  await log().writeWalk({ ...walk, after: 'john', done: 3 })
  expect((await log().delivery()).walk).toEqual({ ...walk, after: 'john', done: 3 })
})

test('a walk that ends, or goes on, leaves another one that has begun meanwhile', async () => {
  const earlier = await log().beginWalk('drift')
  const ending = log().endWalk(earlier) // at the same moment
  const later = await log().beginWalk('reconcile')
  await ending
  expect((await log().delivery()).walk).toEqual(later)
  await log().writeWalk({ ...earlier, after: 'john', done: 3 })
  expect((await log().delivery()).walk).toEqual(later)
  await log().endWalk(later)
  expect((await log().delivery()).walk).toBe(null)
})

test('a walk that Redis has lost is written down again as it goes on', async () => {
  const walk = await log().beginWalk('reconcile')
  await redis.hdel(deliveryKeys(0, 'server').delivery, 'walk')
  await log().writeWalk({ ...walk, after: 'john', done: 3 })
  expect((await log().delivery()).walk).toMatchObject({ id: walk.id, after: 'john' })
})
