import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {} from 'vitest'
import type { TestProject } from 'vitest/node'
import { startRedisServer } from '../../tools/src/index.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Of the Redis that this test run started for itself: `inject('redisUrl')`. */
    redisUrl: string
  }
}

/** One Redis of our own for all test files of a project, on a free port. Without one, tests fail: they are never skipped. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-redis-'))
  const redis = await startRedisServer({ directory, args: ['--databases', '1000'] })
  project.provide('redisUrl', redis.url)
  return async () => {
    await redis.stop()
    await rm(directory, { recursive: true, force: true })
  }
}
