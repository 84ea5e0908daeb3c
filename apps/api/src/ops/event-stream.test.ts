import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type EventStream, type EventStreamsOptions, eventOf, eventStreams } from './event-stream.ts'
import { type Operator, OpsError } from './route.ts'

const operator: Operator = { name: 'ada', by: 'token', rights: ['view'], domains: '*' }
const whoAsksNow = async () => operator

/** A server that opens a stream for every request. */
async function serve(options: EventStreamsOptions = {}, as: Partial<Operator> = {}, whoAsksNow = async () => operator) {
  const streams = eventStreams(options)
  const opened: EventStream[] = []
  const server = createServer((request, response) => {
    try {
      opened.push(streams.open({ operator: { ...operator, ...as }, whoAsksNow, request, response }))
    } catch (error) {
      response.writeHead(error instanceof OpsError ? error.status : 500).end()
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const listen = async (method = 'GET'): Promise<IncomingMessage> => {
    const request = get({ port, host: '127.0.0.1', method, agent: false })
    request.on('error', () => {})
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return response.setEncoding('utf8')
  }
  return { streams, opened, listen }
}

async function untilHas(response: IncomingMessage, text: string): Promise<string> {
  let all = ''
  for await (const part of response) {
    all += part
    if (all.includes(text)) return all
  }
  return all
}

test('of a reader who went before the answer began, nothing is kept', async () => {
  const streams = eventStreams()
  const ended = new Promise<void>((resolve) => {
    const server = createServer((request, response) => {
      request.socket.destroy()
      response.once('close', () => streams.open({ operator, whoAsksNow, request, response }).onEnd(resolve))
    }).listen(0, '127.0.0.1', () => get({ port: (server.address() as AddressInfo).port }).on('error', () => {}))
    onTestFinished(() => void server.close())
  })
  await ended
  expect(streams.size()).toBe(0)
})

test('events arrive as they are sent, with what a proxy must know', async () => {
  const { opened, listen } = await serve()
  const response = await listen()
  expect(response.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  opened[0]?.send(eventOf('change', '{"a":1}', '5-0'))
  expect(await untilHas(response, '}\n\n')).toBe('retry: 2000\n\nid: 5-0\nevent: change\ndata: {"a":1}\n\n')
})

test('when a reader goes, whoever sends is told, and nothing is kept', async () => {
  const { streams, opened, listen } = await serve()
  const response = await listen()
  const gone = new Promise<void>((resolve) => opened[0]?.onEnd(resolve))
  response.destroy()
  await gone
  expect(streams.size()).toBe(0)
  opened[0]?.send(eventOf('change', '1')) // harmless
})

test('a reader who does not read is cut off before he fills the memory', async () => {
  const { opened, listen } = await serve({ maxBufferedBytes: 100_000 })
  const response = await listen()
  response.pause()
  const [stream] = opened
  const gone = new Promise<void>((resolve) => stream?.onEnd(resolve))
  const event = eventOf('change', JSON.stringify('x'.repeat(50_000)))
  let isGone = false
  void gone.then(() => {
    isGone = true
  })
  let sent = 0
  let wasBehind = false
  while (!isGone && sent < 10_000) {
    stream?.send(event)
    sent++
    wasBehind ||= stream?.isBehind() ?? false
    await new Promise(setImmediate)
  }
  expect(wasBehind).toBe(true)
  expect(isGone).toBe(true)
})

test.each([
  ['than may listen', { most: 1 }],
  ['of one name than may', { mostOfOne: 1 }],
])('one more %s is refused', async (_what, options) => {
  const { listen } = await serve(options)
  await listen()
  expect((await listen()).statusCode).toBe(503)
})

test.each([
  ['it has lasted for long enough', { longestMs: 20 }, {}],
  ['the login of its reader ends', {}, { expiresAt: new Date().toISOString() }],
])('a stream ends when %s', async (_when, options, as) => {
  const { listen } = await serve(options, as)
  await once((await listen()).resume(), 'end')
})

test('a stream ends also when its reader does not read', async () => {
  const { streams, opened, listen } = await serve({ endWithinMs: 20 })
  const response = await listen()
  response.pause()
  const event = eventOf('change', JSON.stringify('x'.repeat(100_000)))
  for (let stuckFor = 0; stuckFor < 100; stuckFor = opened[0]?.isBehind() ? stuckFor + 1 : 0) {
    if (stuckFor === 0) opened[0]?.send(event)
    await new Promise(setImmediate)
  }
  streams.close()
  await expect.poll(() => streams.size()).toBe(0)
})

test('all end when the api does, those that are opened then as well', async () => {
  const { streams, listen } = await serve()
  const before = (await listen()).resume()
  const ended = once(before, 'end')
  streams.close()
  await ended
  await once((await listen()).resume(), 'end')
})

describe('when it is looked again who reads', () => {
  const readers = () => {
    const answers: (() => Operator)[] = []
    return { answers, whoAsksNow: async () => (answers.shift() ?? (() => operator))() }
  }
  const refused = (status: OpsError['status']) => () => {
    throw new OpsError(status, 'No')
  }

  test.each([
    ['is nobody any more', refused(401)],
    ['may not look any more', refused(403)],
    ['may look at something else', () => ({ ...operator, domains: [] })],
  ])('the stream of one who %s ends, and the others go on', async (_who, answer) => {
    const { answers, whoAsksNow } = readers()
    const { streams, listen } = await serve({}, {}, whoAsksNow)
    const ended = once((await listen()).resume(), 'end')
    await listen()
    answers.push(answer)
    await streams.lookAgain('all')
    await ended
    await expect.poll(() => streams.size()).toBe(1)
  })

  test('of whom nobody can say it now it is asked again, and of nobody else', async () => {
    const { answers, whoAsksNow } = readers()
    const { streams, listen } = await serve({}, {}, whoAsksNow)
    await streams.lookAgain('unsure')
    const ended = once((await listen()).resume(), 'end')
    answers.push(() => {
      throw new Error('Connection is closed')
    })
    await streams.lookAgain('unsure') // the new one
    answers.push(refused(503))
    await streams.lookAgain('unsure')
    expect([streams.size(), answers]).toEqual([1, []])
    await streams.lookAgain('unsure')
    answers.push(refused(401))
    await streams.lookAgain('unsure') // asks nobody
    expect([streams.size(), answers.length]).toEqual([1, 1])
    await streams.lookAgain('all')
    await ended
  })
})

test('a HEAD holds nothing', async () => {
  const { streams, listen } = await serve()
  await once((await listen('HEAD')).resume(), 'end')
  await expect.poll(() => streams.size()).toBe(0)
})
