import { fileURLToPath } from 'node:url'

/** Absolute path of the repository; this file is two directories below it, as source and when built. */
export const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url))
