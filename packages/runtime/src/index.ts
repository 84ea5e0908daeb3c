export * from './access/index.ts'
export * from './config/index.ts'
export {
  AUDIT_KEY,
  byShard,
  CALLERS_KEY,
  historyKey,
  isRefreshId,
  QUEUE_NAME,
  refreshChunkKey,
  refreshId,
  refreshKey,
  refreshOwnerKey,
  type ShardKeys,
  sessionKey,
  shardKeys,
  shardOf,
  shardOfRefresh,
  TOKEN_USES_KEY,
  TOKENS_KEY,
} from './keys.ts'
export * from './limits/index.ts'
export * from './log/index.ts'
export * from './numbers/index.ts'
export { oneAtATime } from './one-at-a-time.ts'
export { loadMeter, type ProcessLoad, type Work } from './process-load.ts'
export { listen, processServer } from './process-server.ts'
export * from './processes.ts'
export * from './queue-control.ts'
export * from './redis.ts'
export * from './redis-check.ts'
export { onFreshConnection } from './redis-fresh.ts'
export { type RedisInfo, redisInfo } from './redis-info.ts'
export type { Subscriber } from './redis-subscriber.ts'
export * from './redis-trouble.ts'
export * from './refresh-queue.ts'
export { retryAfterMs } from './retry-after.ts'
export { shardList } from './shard-list.ts'
export * from './shutdown.ts'
export * from './sorted-pages.ts'
export * from './start-process.ts'
export * from './store/change-log.ts'
export type { FailedUser, FailureGroup, GroupPart } from './store/failure-groups.ts'
export type {
  Begin,
  CommitResult,
  DropResult,
  Fetch,
  FetchFailure,
  JobLock,
  NewRoster,
  Source,
  WriteResult,
} from './store/fetches.ts'
export type { LogEntry } from './store/log-entry.ts'
export * from './store/roster-store.ts'
export { loadScripts, MAX_USERS_PER_CALL, type ScriptName, type Scripts } from './store/scripts.ts'
export * from './store/stored-users.ts'
export type { Totals } from './store/totals.ts'
export * from './store/user-records.ts'
export { type Notice, parseNotice, type UserState } from './store/user-states.ts'
export * from './targets/index.ts'
export * from './tracing/index.ts'
