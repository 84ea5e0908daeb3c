import { startProcess, untilSignal } from '@rollcall/runtime'
import { startGateway } from './gateway.ts'

const { config, log } = startProcess('gateway', { env: process.env, cwd: process.cwd() })
const gateway = await startGateway(config, log).catch((error: Error) => {
  log.fatal(error.message)
  process.exit(1)
})
const signal = await untilSignal()
log.info({ signal }, 'Ending: the targets are given to other gateways')
await gateway.stop()
log.info('Ended')
process.exit(0)
