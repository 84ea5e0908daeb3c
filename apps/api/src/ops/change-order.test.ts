import type { BareJid } from '@rollcall/roster'
import type { ShardEntry } from '@rollcall/runtime'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inOrder, newestFirst, parsePlace, placeText } from './change-order.ts'

const entryOf = (id: string, shard: number): ShardEntry =>
  ({ id, shard, user: 'john@example.org' as BareJid, version: 1, diff: '' }) as unknown as ShardEntry

/** Ids of a log: each once, the newest first. */
const log = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 3 })), {
    maxLength: 60,
    selector: (id) => id.join('-'),
  })
  .map((ids) => ids.toSorted((a, b) => b[0] - a[0] || b[1] - a[1]).map((id) => id.join('-')))

function reader(logs: readonly (readonly string[])[]) {
  return {
    async before(shard: number, id: string | null, most: number) {
      const all = (logs[shard] ?? []).map((one) => entryOf(one, shard))
      const left = id === null ? all : all.filter((one) => inOrder(one, { id, shard }) < 0)
      return left.slice(0, most)
    },
  }
}

async function placesFrom(entries: AsyncIterable<ShardEntry>, most = Number.POSITIVE_INFINITY): Promise<string[]> {
  const places: string[] = []
  for await (const entry of entries) if (places.push(placeText(entry)) >= most) break
  return places
}

test('the logs of all shards are read as one, and go on behind any place', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(log, { minLength: 1, maxLength: 12 }), fc.nat(100), async (logs, first) => {
      const all = logs.flatMap((ids, shard) => ids.map((id) => entryOf(id, shard))).toSorted((a, b) => inOrder(b, a))
      const read = (before: string | undefined) =>
        newestFirst(reader(logs), logs.length, before === undefined ? null : parsePlace(before))
      const page = await placesFrom(read(undefined), first + 1)
      const rest = await placesFrom(read(page.at(-1)))
      expect([...page, ...rest]).toEqual(all.map(placeText))
    }),
    { numRuns: 200 },
  )
})
