import { createHash } from 'node:crypto'
import type { TargetConfig } from '@rollcall/runtime'

/** What one gateway holds at a time: a target in one shard, or in all of them where there may be one connection only. */
export interface Unit {
  readonly config: TargetConfig
  /** The lease is in the first one. */
  readonly shards: readonly [number, ...number[]]
}

export function unitsOf(targets: readonly TargetConfig[], shards: number): Unit[] {
  const all = Array.from({ length: shards }, (_, shard) => shard)
  return targets.flatMap((config): Unit[] =>
    config.type === 'xep-0356'
      ? [{ config, shards: all as [number, ...number[]] }]
      : all.map((shard) => ({ config, shards: [shard] })),
  )
}

/** Tells it from every other one. */
export const keyOf = ({ config, shards: [shard] }: Unit): string => `${config.name} ${shard}`

/**
 * Which of the gateways that live is to hold a unit: the one with the highest hash of both. All of them come to the same
 * answer without talking to one another, units spread evenly, and one that comes or goes moves no others than its own.
 */
export function isFor(gateway: string, unit: Unit, living: readonly string[]): boolean {
  const rank = rankOf(gateway, unit)
  return living.every((other) => other === gateway || rankOf(other, unit) < rank)
}

const rankOf = (gateway: string, unit: Unit): string =>
  createHash('sha1')
    .update(`${keyOf(unit)} ${gateway}`)
    .digest('hex')
