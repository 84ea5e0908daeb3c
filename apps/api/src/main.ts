import { fileURLToPath } from 'node:url'
import { startProcess, startTracing, untilSignal, versionOf } from '@rollcall/runtime'
import { startApi } from './api.ts'

const { config, log } = startProcess('api', { env: process.env, cwd: process.cwd() })
const tracing = await startTracing({ name: 'api', version: versionOf(import.meta.url), env: process.env, log })
const api = await startApi(config, log, { dashboardDirectory: builtDashboard(), tracing }).catch(
  (error: NodeJS.ErrnoException) => {
    const taken = error.code === 'EADDRINUSE'
    log.fatal(
      taken ? `Port ${config.port} of ${config.host} is taken: stop what listens there, or set PORT` : error.message,
    )
    process.exit(1)
  },
)
const signal = await untilSignal()
log.info({ signal }, 'Ending: not ready from now on, then no new requests; those that wait are answered')
await api.stop()
log.info('Ended')
process.exit(0)

/** Null when the package of the dashboard is not installed beside the api. */
function builtDashboard(): string | null {
  try {
    return fileURLToPath(new URL('dist', import.meta.resolve('@rollcall/dashboard/package.json')))
  } catch {
    return null
  }
}
