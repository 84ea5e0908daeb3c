import { startProcess, untilSignal } from '@rollcall/runtime'
import { startWorker } from './worker.ts'

const { config, log } = startProcess('worker', { env: process.env, cwd: process.cwd() })
const worker = await startWorker(config, log)
const signal = await Promise.race([untilSignal(), worker.hopeless])
if (signal) log.info({ signal }, 'Ending: no new jobs, those that run are finished')
else log.fatal('Ending, to be restarted: this worker is stuck')
await worker.stop()
log.info('Ended')
process.exit(signal ? 0 : 1)
