import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { ownRedis } from './processes.ts'

const MOST_COMMANDS = 100_000

/**
 * A Redis of the test alone that tells what it has done: by its slow log, in which every command is slow. Not by MONITOR:
 * ioredis takes lines that come together with the OK to it for answers.
 */
export async function watchedRedis() {
  const args = ['--slowlog-log-slower-than', '0', '--slowlog-max-len', String(MOST_COMMANDS)]
  const { url } = await ownRedis({ args })
  const redis = new Redis(url)
  onTestFinished(() => redis.disconnect())
  return {
    url,
    /** Its commands meanwhile, in their order: those of a script before its call, of long ones the first 31 words. */
    async commandsOf(work: () => Promise<unknown>): Promise<string[][]> {
      await redis.slowlog('RESET')
      await work()
      const entries = (await redis.slowlog('GET', MOST_COMMANDS)) as [id: number, at: number, us: number, string[]][]
      return entries.map(([, , , command]) => command).reverse()
    },
  }
}
