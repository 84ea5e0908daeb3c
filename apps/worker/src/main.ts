import { startProcess, startTracing, untilSignal, versionOf } from '@rollcall/runtime'
import { startWorker } from './worker.ts'

const { config, log } = startProcess('worker', { env: process.env, cwd: process.cwd() })
const tracing = await startTracing({ name: 'worker', version: versionOf(import.meta.url), env: process.env, log })
const worker = await startWorker(config, log, tracing).catch((error: Error) => {
  log.fatal(error.message)
  process.exit(1)
})
const signal = await Promise.race([untilSignal(), worker.hopeless])
if (signal) log.info({ signal }, 'Ending: no new jobs, those that run are finished')
else log.fatal('Ending, to be restarted: this worker is stuck')
await worker.stop()
log.info('Ended')
process.exit(signal ? 0 : 1)
