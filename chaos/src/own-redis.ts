import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type RedisServer, startRedisServer } from '@rollcall/tools'
import { Redis } from 'ioredis'

const run = promisify(execFile)

const CANARY = 'chaos:canary'

export type OwnRedis = Awaited<ReturnType<typeof startOwnRedis>>

/** A Redis that can be killed and started again on the same port, with its data or without. */
export async function startOwnRedis(directory: string, port: number, args: readonly string[] = []) {
  const data = join(directory, 'redis')
  const boot = () => startRedisServer({ directory: data, port, args, ownGroup: true, survivesFileLimit: true })
  let server: RedisServer = await boot()
  /** Commands wait while Redis is away: only looks are sent with it, which can be repeated. */
  const client = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 })
  client.on('error', () => {})
  let written = 0

  return {
    url: server.url,
    port,
    client,
    pid: () => server.pid,

    /** kill -9. What was acknowledged before is in its append-only file, or not: `start` tells. */
    async kill(): Promise<void> {
      written = await client.incr(CANARY)
      server.child.kill('SIGKILL')
      await server.child.exited
    },

    /** Starts it again. True when nothing that was acknowledged before the kill is missing. */
    async start(): Promise<boolean> {
      server = await boot()
      return Number(await client.get(CANARY)) === written
    },

    /** No file of it may grow any more, as if its disk were full; or they may again. By util-linux, without root. */
    async fillDisk(isFull: boolean): Promise<void> {
      await run('prlimit', ['--pid', String(server.pid), `--fsize=${isFull ? '1:unlimited' : 'unlimited'}`])
    },

    forget: () => rm(data, { recursive: true, force: true }),

    async stop(): Promise<void> {
      client.disconnect()
      await server.stop()
    },
  }
}
