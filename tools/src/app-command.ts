import { join } from 'node:path'
import { repositoryRoot } from './repository.ts'

/**
 * What node is started with for an api or a worker. V8 gives what a request leaves behind 1 MB of room and clears it up
 * each millisecond; with 16 MB a read costs a quarter less CPU, a refresh a twentieth. It is no option for NODE_OPTIONS.
 */
export const NODE_ARGS: readonly string[] = ['--min-semi-space-size=16']

/** The arguments of node that start the built app. */
export const appArgs = (app: 'api' | 'worker'): string[] => [
  ...NODE_ARGS,
  join(repositoryRoot, `apps/${app}/dist/main.js`),
]
