import { configOrExit, connectRedis, createLog, whenReady } from '@rollcall/runtime'
import { CommandError, HELP, targetsCommand } from './targets-command.ts'

const argv = process.argv.slice(2)
const { stdout, stderr } = process

async function run(): Promise<0 | 1> {
  if (argv.includes('--help') || argv.includes('-h')) {
    stdout.write(HELP)
    return 0
  }
  const config = configOrExit({ env: process.env, cwd: process.cwd() })
  const log = createLog({ level: 'silent', name: 'targets' })
  const { redisTimeoutMs: timeoutMs } = config
  const redis = connectRedis({ place: config.redis, role: 'request', name: 'rollcall-targets', timeoutMs, log })
  try {
    await whenReady(redis, timeoutMs)
    return await targetsCommand(argv, {
      config,
      redis,
      print: (text) => void stdout.write(`${text}\n`),
      progress: (text) => void (stderr.isTTY && stderr.write(`\r\x1b[K${text}`)),
    })
  } catch (error) {
    if (error instanceof CommandError) stderr.write(`${error.message}.\n\n${HELP}`)
    else stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  } finally {
    redis.disconnect()
  }
}

process.exitCode = await run()
