import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from './free-port.ts'
import { tryOwnRedis } from './own-redis.ts'
import { startRedisServer } from './redis-server.ts'
import { StartError } from './start-options.ts'

async function redisWith(...args: string[]): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-redis-'))
  const redis = await startRedisServer({ directory, appendOnly: false, args })
  onTestFinished(async () => {
    await redis.stop()
    rmSync(directory, { recursive: true })
  })
  return redis.port
}

const tried = (url: string) => tryOwnRedis({ ownRedis: { kind: 'one', url }, redisTimeoutMs: 500 })

test('one that is not there is named, without waiting and without its password', async () => {
  const port = await freePort()
  const refused = tried(`redis://:secret@127.0.0.1:${port}`)
  await expect(refused).rejects.toThrow(StartError)
  await expect(refused).rejects.toThrow(
    `Redis at redis://***@127.0.0.1:${port} does not answer (ECONNREFUSED): start it, or leave REDIS_URL out`,
  )
})

test('one that takes connections and says nothing is given up', async () => {
  const silent = createServer()
  silent.listen(0, '127.0.0.1')
  onTestFinished(() => void silent.close())
  const port = await new Promise<number>((resolve) => {
    silent.once('listening', () => resolve((silent.address() as { port: number }).port))
  })
  await expect(tried(`redis://127.0.0.1:${port}`)).rejects.toThrow('does not answer (nothing within 500 ms)')
})

test('a missing and a wrong password are told apart', async () => {
  const port = await redisWith('--requirepass', 'right')
  await expect(tried(`redis://127.0.0.1:${port}`)).rejects.toThrow('wants a password: write it into REDIS_URL')
  await expect(tried(`redis://:wrong@127.0.0.1:${port}`)).rejects.toThrow(
    'refuses the user or the password of REDIS_URL',
  )
  expect(await tried(`redis://:right@127.0.0.1:${port}`)).toEqual([])
})

test('a database that is not there is named, and a policy that loses jobs is told of', async () => {
  const port = await redisWith('--maxmemory-policy', 'allkeys-lru')
  await expect(tried(`redis://127.0.0.1:${port}/99`)).rejects.toThrow('cannot be used: ERR DB index is out of range')
  expect(await tried(`redis://127.0.0.1:${port}`)).toEqual([expect.stringContaining('maxmemory-policy allkeys-lru')])
})

test('without one there is nothing to try', async () => {
  expect(await tryOwnRedis({ ownRedis: undefined, redisTimeoutMs: 500 })).toEqual([])
})
