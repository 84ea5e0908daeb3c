import { startProcess, untilSignal } from '@rollcall/runtime'
import { startWorker } from './worker.ts'

const { config, log } = startProcess('worker', { env: process.env, cwd: process.cwd() })
const worker = await startWorker(config, log)
const signal = await untilSignal()
log.info({ signal }, 'Ending: no new jobs, those that run are finished')
await worker.stop()
log.info('Ended')
process.exit(0)
