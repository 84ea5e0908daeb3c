import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expose, recorder } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { freshRedisUrl } from '../../../test/support/fresh-redis.ts'
import { gatewayServer } from './server.ts'

test('a request for something that is no URL is answered like any other', async () => {
  const redis = new Redis(await freshRedisUrl())
  const server = gatewayServer({ redis, followings: () => [], metrics: expose(recorder('gateway'), '0') }).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const ask = async (path: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1')
    socket.end(`GET ${path} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n`)
    return (await text(socket)).split('\r\n', 1)[0] ?? ''
  }
  expect(await ask('//')).toBe('HTTP/1.1 404 Not Found')
  expect(await ask('http://')).toBe('HTTP/1.1 404 Not Found')
  expect(await ask('/health/live?now')).toBe('HTTP/1.1 200 OK')
  server.close()
  redis.disconnect()
})
