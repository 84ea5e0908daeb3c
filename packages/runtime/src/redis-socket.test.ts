import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test, vi } from 'vitest'
import { freshRedisUrl } from '../../../test/support/fresh-redis.ts'
import { askNowAndThen, breakSilence, gatherCommands } from './redis-socket.ts'

const SILENT_MS = 400

/** A way to Redis that can lose what is on it without a word, as a network does; connections made later work. */
async function lossyWay() {
  const { hostname, port, pathname } = new URL(await freshRedisUrl())
  const open = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy()).on('close', () => other.destroy())
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    loseAll(): void {
      for (const socket of open) socket.unpipe().pause()
      open.clear()
    },
  }
}

function redisAt(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 })
  gatherCommands(redis)
  redis.on('error', () => {})
  onTestFinished(() => redis.disconnect())
  breakSilence(redis, SILENT_MS)
  return redis
}

test('a connection that has gone silent is made anew, and what was asked on it is asked again', async () => {
  const way = await lossyWay()
  const redis = redisAt(way.url)
  await redis.set('key', 'value')
  way.loseAll()
  const started = performance.now()
  expect(await redis.get('key')).toBe('value')
  expect(performance.now() - started).toBeGreaterThanOrEqual(SILENT_MS)
})

test('who only listens notices it too', async () => {
  const way = await lossyWay()
  const subscriber = redisAt(way.url)
  askNowAndThen(subscriber, SILENT_MS / 2)
  const channel = `silence-${new URL(way.url).pathname}`
  await subscriber.subscribe(channel)
  way.loseAll()
  // Not by `once`, which takes the error that breaks the connection for its own.
  const heard = new Promise((resolve) => subscriber.once('message', (...message) => resolve(message)))
  const closed = new Promise((resolve) => subscriber.once('close', () => resolve('closed')))
  const publisher = new Redis(way.url)
  onTestFinished(() => publisher.disconnect())
  expect(await closed).toBe('closed')
  // Until it has subscribed again; the last one may be under way when the test ends.
  const speaking = setInterval(() => publisher.publish(channel, 'here again').catch(() => {}), 20)
  onTestFinished(() => clearInterval(speaking))
  expect(await heard).toEqual([channel, 'here again'])
})

test('a process that stood still itself breaks no connection', async () => {
  const redis = redisAt(await freshRedisUrl())
  await redis.ping()
  let closed = false
  redis.once('close', () => {
    closed = true
  })
  for (let i = 0; i < 3; i++) {
    const answer = redis.ping()
    const until = performance.now() + 2 * SILENT_MS
    while (performance.now() < until);
    expect(await answer).toBe('PONG')
  }
  expect(closed).toBe(false)
})

test('idle connections are left alone', async () => {
  const redis = redisAt(await freshRedisUrl())
  await redis.ping()
  const closed = once(redis, 'close').then(() => 'closed')
  const later = new Promise((resolve) => setTimeout(resolve, 3 * SILENT_MS, 'open')) // it is about time that passes
  expect(await Promise.race([closed, later])).toBe('open')
})

test('a pipeline goes out behind what was gathered before it', async () => {
  const redis = redisAt(await freshRedisUrl())
  await redis.ping()
  const answers = await Promise.all([
    redis.rpush('list', 'a'),
    redis.pipeline().rpush('list', 'b').rpush('list', 'c').exec(),
    redis.rpush('list', 'd'),
    redis.multi().rpush('list', 'e').exec(),
    redis.lrange('list', 0, -1),
  ])
  expect(answers).toEqual([
    1,
    [
      [null, 2],
      [null, 3],
    ],
    4,
    [[null, 5]],
    ['a', 'b', 'c', 'd', 'e'],
  ])
})

test('what is sent in one turn of the event loop goes out in few writes, in its order', async () => {
  const redis = redisAt(await freshRedisUrl())
  await redis.ping()
  const write = vi.spyOn(redis.stream, 'write')
  const bytes = Buffer.from([0, 0xff, 0x0d, 0x0a])
  const answers = await Promise.all(
    Array.from({ length: 50 }, async (_, i) => [
      await redis.append('text', `${i} `),
      await redis.append('bytes', i % 7 === 0 ? bytes : 'é'),
    ]),
  )
  expect(answers.at(-1)).toEqual([140, 8 * bytes.length + 42 * 2])
  expect(await redis.get('text')).toBe(Array.from({ length: 50 }, (_, i) => `${i} `).join(''))
  expect(write.mock.calls.length).toBeGreaterThan(1)
  expect(write.mock.calls.length).toBeLessThan(60)
})
