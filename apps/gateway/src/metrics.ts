import type { TargetState } from '@rollcall/runtime'
import { Gauge, Registry } from 'prom-client'
import type { Following } from './follow-shard.ts'

/** Of each target and shard that this gateway serves, as its state has it: read when they are asked for. */
const GAUGES: readonly [name: string, help: string, value: (state: TargetState) => number][] = [
  ['rollcall_target_up', '1 while the target takes changes, 0 while it is left alone or disabled', up],
  ['rollcall_target_lag_seconds', 'Age of the oldest change that has not arrived', ({ lagMs }) => lagMs / 1000],
  ['rollcall_target_waiting', 'Changes that have been read and have not arrived', ({ waiting }) => waiting],
  ['rollcall_target_owed', 'Users who could not be brought to the target and are tried again', ({ owed }) => owed],
  [
    'rollcall_target_delivered_total',
    'Users brought to the target since this gateway serves it',
    ({ delivered }) => delivered,
  ],
  [
    'rollcall_target_rejected_total',
    'Users whom the target did not take since this gateway serves it',
    ({ rejected }) => rejected,
  ],
  ['rollcall_target_writes_total', 'Contacts written since this gateway serves the target', ({ writes }) => writes],
  ['rollcall_target_drifted_total', 'Rosters found changed by somebody else', ({ drifted }) => drifted],
]

function up({ state }: TargetState): number {
  return state === 'following' || state === 'reconciling' ? 1 : 0
}

export function gatewayMetrics(followings: () => readonly Following[]) {
  const registry = new Registry()
  for (const [name, help, value] of GAUGES) {
    new Gauge({
      name,
      help,
      labelNames: ['target', 'shard'],
      registers: [registry],
      collect() {
        this.reset()
        for (const { target, shard, state } of followings()) {
          const now = state()
          if (now) this.set({ target, shard }, value(now))
        }
      },
    })
  }
  return { text: () => registry.metrics(), contentType: registry.contentType }
}
