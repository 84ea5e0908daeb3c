import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { checkRedis, connectRedis, createLog, RedisUnusableError, SCHEMA_VERSION, whenReady } from '@rollcall/runtime'
import type { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../tools/src/index.ts'
import { freshRedisUrl } from '../support/fresh-redis.ts'
import { ownRedis } from '../support/processes.ts'

function connect(url: string): Redis {
  const log = createLog({ level: 'silent', name: 'test' })
  const place = { kind: 'one', url } as const
  const redis = connectRedis({ place, role: 'request', name: 'test', timeoutMs: 2000, log }) as Redis
  onTestFinished(() => redis.disconnect())
  return redis
}

async function ready(url: string): Promise<Redis> {
  const redis = connect(url)
  expect(await whenReady(redis, 5000)).toBe(true)
  return redis
}

/** A server that says which version of Redis it is, OK to all else, and nothing of RESP3. */
async function pretend(version: string): Promise<string> {
  const info = `# Server\r\nredis_version:${version}\r\nloading:0\r\n`
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => {
      for (const [, name] of data.toString().matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
        const command = name?.toLowerCase()
        if (command === 'info') socket.write(`$${info.length}\r\n${info}\r\n`)
        else if (command === 'hello') socket.write('-ERR unknown command HELLO\r\n')
        else socket.write(command === 'get' ? '$1\r\n1\r\n' : '+OK\r\n')
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('a Redis is taken', () => {
  test('as it comes with a rollcall: no warning, its layout is noted', async () => {
    const redis = await ready(await freshRedisUrl())
    expect(await checkRedis(redis)).toEqual([])
    expect(await checkRedis(redis)).toEqual([])
    expect(await redis.get('rollcall:schema')).toBe(String(SCHEMA_VERSION))
  })

  test.each(['allkeys-lru', 'volatile-lru', 'allkeys-random'])('with a warning when it evicts: %s', async (policy) => {
    const { url } = await ownRedis({ args: ['--maxmemory-policy', policy] })
    expect(await checkRedis(await ready(url))).toEqual([
      `Redis has maxmemory-policy ${policy}: when memory is full it drops jobs and locks. Set it to noeviction.`,
    ])
  })

  test.each(['6.2.0', '6.2.14', '7.0.15', '7.10.0', '8.0.0', '10.0.1'])('of version %s', async (version) => {
    await expect(checkRedis(await ready(await pretend(version)))).resolves.toEqual([])
  })
})

describe('a Redis is refused', () => {
  test.each(['6.0.16', '6.1.240', '5.0.14', '2.8'])('of version %s', async (version) => {
    await expect(checkRedis(await ready(await pretend(version)))).rejects.toThrow(
      new RedisUnusableError(
        `Redis is ${version}; Rollcall needs 6.2.0 or newer. Upgrade it, or point REDIS_URL at another one.`,
      ),
    )
  })

  test('with data of a newer layout', async () => {
    const redis = await ready(await freshRedisUrl())
    await redis.set('rollcall:schema', SCHEMA_VERSION + 2)
    await expect(checkRedis(redis)).rejects.toThrow(RedisUnusableError)
    await redis.set('rollcall:schema', SCHEMA_VERSION)
    expect(await checkRedis(redis)).toEqual([])
  })

  test('with other credentials', async () => {
    const { port } = await ownRedis({ args: ['--requirepass', 'right'] })
    for (const credentials of ['', ':wrong@', 'nobody:right@']) {
      const url = `redis://${credentials}127.0.0.1:${port}`
      await expect(whenReady(connect(url), 5000)).rejects.toThrow(/Redis refuses what REDIS_URL says/)
    }
    await ready(`redis://:right@127.0.0.1:${port}`)
  })

  test('with a database that is not there', async () => {
    const { port } = await ownRedis()
    await expect(whenReady(connect(`redis://127.0.0.1:${port}/99`), 5000)).rejects.toThrow(/DB index is out of range/)
  })
})

test('one that is away is not refused: it is waited for', async () => {
  const port = await freePort()
  const redis = connect(`redis://127.0.0.1:${port}`)
  expect(await whenReady(redis, 50)).toBe(false)
  await ownRedis({ port })
  expect(await whenReady(redis, 5000)).toBe(true)
})

describe('a Redis of another kind than the settings say is refused', () => {
  test('a node of a Cluster at REDIS_URL', async () => {
    const busPort = String(await freePort())
    const { url } = await ownRedis({ args: ['--cluster-enabled', 'yes', '--cluster-port', busPort] })
    await expect(checkRedis(await ready(url))).rejects.toThrow(/is a node of a Cluster: write REDIS_CLUSTER/)
  })

  test('a Redis by itself in REDIS_CLUSTER', async () => {
    const { port } = await ownRedis()
    const place = { kind: 'cluster', nodes: [{ host: '127.0.0.1', port }] } as const
    const log = createLog({ level: 'silent', name: 'test' })
    const redis = connectRedis({ place, role: 'request', name: 'test', timeoutMs: 2000, log })
    onTestFinished(() => redis.disconnect())
    await expect(whenReady(redis, 10_000)).rejects.toThrow(/refuses what REDIS_CLUSTER says: ERR.*cluster support/)
  })
})
