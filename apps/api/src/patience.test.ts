import { once } from 'node:events'
import { createServer, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitingRoom } from './patience.ts'

const FOR_EVER = 2 ** 31 - 1

let server: Server

beforeAll(async () => {
  server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(() => {
  server.close()
  server.closeAllConnections()
})

/** A request that has arrived: what its caller holds, and what is to be answered. */
async function arrived() {
  const caller = request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' }).end()
  caller.on('error', () => {})
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
  return { caller, response }
}

describe('patience is over', () => {
  test('at the deadline', async () => {
    const { response } = await arrived()
    await waitingRoom().enter(response, 1).over
  })

  test('when the caller hangs up', async () => {
    const { caller, response } = await arrived()
    const patience = waitingRoom().enter(response, FOR_EVER)
    caller.destroy()
    await patience.over
  })

  test('at once for a caller that hung up before', async () => {
    const { caller, response } = await arrived()
    caller.destroy()
    await once(response, 'close')
    await waitingRoom().enter(response, FOR_EVER).over
  })

  test('for everybody when the room closes, also for those who come later', async () => {
    const room = waitingRoom()
    const before = room.enter((await arrived()).response, FOR_EVER)
    room.close()
    await before.over
    await room.enter((await arrived()).response, FOR_EVER).over
  })
})

test('who has been answered waits no longer, and nothing is left at the response', async () => {
  const room = waitingRoom()
  const { response } = await arrived()
  const listeners = response.listenerCount('close')
  const patience = room.enter(response, FOR_EVER)
  expect(room.size()).toBe(1)
  patience.end()
  expect(room.size()).toBe(0)
  expect(response.listenerCount('close')).toBe(listeners)
})
