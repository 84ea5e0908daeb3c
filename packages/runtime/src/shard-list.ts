/** Numbers of shards for people, as WORKER_SHARDS takes them: `0-3,7`. */
export function shardList(shards: readonly number[]): string {
  const ranges: [from: number, to: number][] = []
  for (const shard of shards) {
    const last = ranges.at(-1)
    if (last && last[1] === shard - 1) last[1] = shard
    else ranges.push([shard, shard])
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',')
}
