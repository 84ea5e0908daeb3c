import type { ProcessRole } from '@rollcall/roster'

/** One metric as Prometheus reads it; which of its labels can have which values is bounded by the configuration and by lists in the code. */
export interface MetricSpec {
  readonly name: `rollcall_${string}`
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** The roles whose /metrics has it. */
  readonly of: readonly ProcessRole[]
  readonly labels: readonly string[]
  readonly help: string
}

const ALL = ['api', 'worker', 'gateway'] as const

const metric = <T extends MetricSpec['type']>(
  name: MetricSpec['name'],
  type: T,
  of: readonly ProcessRole[],
  labels: readonly string[],
  help: string,
): MetricSpec & { readonly type: T } => ({ name, type, of, labels, help })

/**
 * Every metric of Rollcall is named here and nowhere else; docs/metrics.md says what to make of them. Labels are domains
 * that are configured, targets, and closed lists: never a username, nor anything else that a caller can make up.
 */
export const METRICS = {
  info: metric('rollcall_info', 'gauge', ALL, ['role', 'version'], 'Always 1: what this process is'),

  usersSettled: metric(
    'rollcall_users_settled_total',
    'counter',
    ['worker'],
    ['domain', 'outcome'],
    'Users whose refresh came to its end: changed, unchanged, or the code of the failure',
  ),
  noticeToSettled: metric(
    'rollcall_notice_to_settled_seconds',
    'histogram',
    ['worker'],
    [],
    'From when a user was first asked for until settled, of those that somebody asked for',
  ),
  fetches: metric(
    'rollcall_fetches_total',
    'counter',
    ['worker'],
    ['domain', 'result'],
    'Requests to the backend of a domain: answered, or failed',
  ),
  fetchTime: metric(
    'rollcall_fetch_seconds',
    'histogram',
    ['worker'],
    ['domain'],
    'What a request to the backend took',
  ),
  retries: metric(
    'rollcall_retries_total',
    'counter',
    ['worker'],
    ['domain'],
    'Attempts that failed and are followed by another one',
  ),
  jobs: metric(
    'rollcall_jobs_total',
    'counter',
    ['worker'],
    ['shard'],
    'Jobs that have ended, well or not; those put back are not counted',
  ),
  jobsInHand: metric('rollcall_jobs_in_hand', 'gauge', ['worker'], [], 'Jobs that this worker works on'),
  loopsStuck: metric(
    'rollcall_loops_stuck',
    'gauge',
    ['worker'],
    [],
    'Shards whose jobs this worker does not take although they wait',
  ),
  backendBroken: metric(
    'rollcall_backend_broken',
    'gauge',
    ['worker'],
    ['domain'],
    '1 while this worker does not ask the backend of a domain, since it does not work',
  ),

  refreshes: metric(
    'rollcall_refreshes_total',
    'counter',
    ['api'],
    ['result'],
    'Refreshes that were answered: done, failed (nobody was updated), or pending (the rest goes on)',
  ),
  refreshTime: metric(
    'rollcall_refresh_seconds',
    'histogram',
    ['api'],
    [],
    'How long callers waited for these answers',
  ),
  usersAsked: metric('rollcall_users_asked_total', 'counter', ['api'], [], 'Users named in refreshes that were taken'),
  reads: metric(
    'rollcall_reads_total',
    'counter',
    ['api'],
    ['result'],
    'Reads of rosters: stored, stale (the last fetch failed), fetched (at once), unknown, pending, failed',
  ),
  refused: metric('rollcall_refused_total', 'counter', ['api'], ['status'], 'Requests that were refused, by status'),
  callersWaiting: metric('rollcall_callers_waiting', 'gauge', ['api'], [], 'Callers who wait for an answer'),
  usersWaitedFor: metric('rollcall_users_waited_for', 'gauge', ['api'], [], 'Users that they wait for'),
  dashboards: metric(
    'rollcall_dashboards',
    'gauge',
    ['api'],
    [],
    'Streams of events of this api that dashboards listen to',
  ),

  redisUp: metric('rollcall_redis_up', 'gauge', ['api'], [], '1 while Redis answers this api'),
  redisMemory: metric('rollcall_redis_memory_bytes', 'gauge', ['api'], [], 'Memory that Redis uses'),
  redisMemoryLimit: metric(
    'rollcall_redis_memory_limit_bytes',
    'gauge',
    ['api'],
    [],
    'What it may use (maxmemory); absent: no bound but the machine',
  ),
  redisMemoryShare: metric(
    'rollcall_redis_memory_share',
    'gauge',
    ['api'],
    [],
    'How much of that is filled, 0 to 1; of a Cluster, by the fullest master',
  ),
  usersOpen: metric('rollcall_users_open', 'gauge', ['api'], [], 'Users asked for and not settled, of all processes'),
  oldestOpen: metric('rollcall_oldest_open_seconds', 'gauge', ['api'], [], 'Age of the oldest of them; 0: none'),
  usersStored: metric('rollcall_users_stored', 'gauge', ['api'], [], 'Users whose roster is stored'),
  usersFailed: metric('rollcall_users_failed', 'gauge', ['api'], [], 'Users whose last fetch failed'),
  rostersHeld: metric(
    'rollcall_rosters_held',
    'gauge',
    ['api'],
    ['domain'],
    '1 while the empty rosters of a domain are held back until somebody has looked',
  ),
  processes: metric(
    'rollcall_processes',
    'gauge',
    ['api'],
    ['role', 'state'],
    'Processes that are alive, stuck, or silent: gone without a goodbye within the last 2 minutes',
  ),

  targetUp: metric(
    'rollcall_target_up',
    'gauge',
    ['gateway'],
    ['target', 'shard'],
    '1 while the target takes changes, 0 while it is left alone or disabled',
  ),
  targetLag: metric(
    'rollcall_target_lag_seconds',
    'gauge',
    ['gateway'],
    ['target', 'shard'],
    'Age of the oldest change that has not arrived',
  ),
  targetWaiting: metric(
    'rollcall_target_waiting',
    'gauge',
    ['gateway'],
    ['target', 'shard'],
    'Changes that have been read and have not arrived',
  ),
  targetOwed: metric(
    'rollcall_target_owed',
    'gauge',
    ['gateway'],
    ['target', 'shard'],
    'Users who could not be brought to the target and are tried again',
  ),
  targetDelivered: metric(
    'rollcall_target_delivered_total',
    'counter',
    ['gateway'],
    ['target', 'shard'],
    'Users brought to the target since this gateway serves it',
  ),
  targetRejected: metric(
    'rollcall_target_rejected_total',
    'counter',
    ['gateway'],
    ['target', 'shard'],
    'Users whom the target did not take since this gateway serves it',
  ),
  targetWrites: metric(
    'rollcall_target_writes_total',
    'counter',
    ['gateway'],
    ['target', 'shard'],
    'Contacts written since this gateway serves the target',
  ),
  targetDrifted: metric(
    'rollcall_target_drifted_total',
    'counter',
    ['gateway'],
    ['target', 'shard'],
    'Rosters found changed by somebody else',
  ),
} as const

export type MetricKey = keyof typeof METRICS
type KeysOf<T extends MetricSpec['type']> = {
  [K in MetricKey]: (typeof METRICS)[K]['type'] extends T ? K : never
}[MetricKey]
export type CounterKey = KeysOf<'counter'>
export type GaugeKey = KeysOf<'gauge'>
export type HistogramKey = KeysOf<'histogram'>
