export * from './access/index.ts'
export * from './config/index.ts'
export {
  ACCEPTING_KEY,
  byShard,
  QUEUE_NAME,
  refreshChunkKey,
  refreshKey,
  refreshOwnerKey,
  type ShardKeys,
  shardKeys,
  shardOf,
} from './keys.ts'
export * from './limits/index.ts'
export * from './log/index.ts'
export * from './processes.ts'
export * from './redis.ts'
export * from './redis-check.ts'
export * from './refresh-queue.ts'
export * from './shutdown.ts'
export * from './start-process.ts'
export * from './store/roster-store.ts'
export { loadScripts, type ScriptName, type Scripts } from './store/scripts.ts'
