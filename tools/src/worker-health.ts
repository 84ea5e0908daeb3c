import { hostname } from 'node:os'
import { connectRedis, createLog, liveProcesses, loadConfig } from '@rollcall/runtime'

// A worker listens on no port: the health check of its container looks for its heartbeat instead, by this host's name.
const config = loadConfig({ env: process.env, cwd: process.cwd() })
const log = createLog({ name: 'worker-health', level: 'silent' })
const redis = connectRedis({
  url: config.redisUrl,
  role: 'background',
  name: 'rollcall-worker-health',
  timeoutMs: config.redisTimeoutMs,
  log,
})
const lives = (await liveProcesses(redis)).some(({ role, host }) => role === 'worker' && host === hostname())
redis.disconnect()
process.exitCode = lives ? 0 : 1
