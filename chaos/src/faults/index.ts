import { BACKEND_FAULTS } from './backend.ts'
import { CLIENT_FAULTS } from './clients.ts'
import { clocks } from './clocks.ts'
import type { Fault } from './fault.ts'
import { killApi, killWorker } from './kill.ts'
import { NETWORK_FAULTS } from './network.ts'
import { diskFull, killRedis, loseRedis, redisAway, redisFull } from './redis.ts'
import { stopApi, stopWorker } from './stop.ts'

export type { Fault, Injection, Stage } from './fault.ts'

/** All that can be injected; in the order of the table. */
export const FAULTS: readonly Fault[] = [
  killWorker,
  killApi,
  stopWorker,
  stopApi,
  killRedis,
  redisAway,
  loseRedis,
  redisFull,
  diskFull,
  ...BACKEND_FAULTS,
  ...NETWORK_FAULTS,
  ...CLIENT_FAULTS,
  clocks,
]
