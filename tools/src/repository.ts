import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Absolute path of the repository; this file is two directories below it, as source and when built. */
export const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url))

/** For people: from the repository when it is in there, else absolute. */
export function shortPath(path: string): string {
  const short = relative(repositoryRoot, path)
  return short.startsWith('..') ? path : short
}
