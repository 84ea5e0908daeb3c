import { hostname } from 'node:os'
import { connectRedis, createLog, liveProcesses, loadConfig } from '@rollcall/runtime'

// A worker listens on no port: the health check of its container looks for its heartbeat instead, by this host's name.
// The heartbeat says whether its loop takes jobs.
const config = loadConfig({ env: process.env, cwd: process.cwd() })
const log = createLog({ name: 'worker-health', level: 'silent' })
const redis = connectRedis({
  place: config.redis,
  role: 'background',
  name: 'rollcall-worker-health',
  timeoutMs: config.redisTimeoutMs,
  log,
})
const works = (await liveProcesses(redis)).some(
  ({ role, host, stuck = [] }) => role === 'worker' && host === hostname() && stuck.length === 0,
)
redis.disconnect()
process.exitCode = works ? 0 : 1
