import type { Recorder, Series, TargetState } from '@rollcall/runtime'
import type { Following } from './follow-shard.ts'

/** Of each target and shard that this gateway serves, as its state has it: read when they are asked for. */
const READINGS = {
  targetUp: ({ state }) => (state === 'following' || state === 'reconciling' ? 1 : 0),
  targetLag: ({ lagMs }) => lagMs / 1000,
  targetWaiting: ({ waiting }) => waiting,
  targetOwed: ({ owed }) => owed,
  targetDelivered: ({ delivered }) => delivered,
  targetRejected: ({ rejected }) => rejected,
  targetWrites: ({ writes }) => writes,
  targetDrifted: ({ drifted }) => drifted,
} as const satisfies Readonly<Record<string, (state: TargetState) => number>>

export function readTargets(recorder: Recorder, followings: () => readonly Following[]): void {
  for (const [key, value] of Object.entries(READINGS) as [keyof typeof READINGS, (state: TargetState) => number][]) {
    recorder.reading(key, () =>
      followings().flatMap(({ target, shard, state }): Series[] => {
        const now = state()
        return now ? [{ labels: { target, shard: String(shard) }, value: value(now) }] : []
      }),
    )
  }
}
