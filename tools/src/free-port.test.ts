import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePort, isPortFree } from './free-port.ts'

test('a free port is none that the system gives to others, and each is another one', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, freePort))
  expect(new Set(ports).size).toBe(ports.length)
  const asksForAny = createServer().listen(0, '127.0.0.1')
  await once(asksForAny, 'listening')
  expect(Math.max(...ports)).toBeLessThan((asksForAny.address() as AddressInfo).port)
  asksForAny.close()
})

test('a free port is free until somebody listens on it, on one address or on all', async () => {
  for (const host of ['127.0.0.1', '0.0.0.0']) {
    const port = await freePort()
    expect(await isPortFree(port)).toBe(true)
    const server = createServer().listen(port, host)
    await once(server, 'listening')
    expect(await isPortFree(port)).toBe(false)
    server.close()
    await once(server, 'close')
  }
})
