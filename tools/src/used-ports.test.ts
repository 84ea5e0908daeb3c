import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { urlOf } from './address.ts'
import { freePort } from './free-port.ts'
import { StartError, type StartOptions } from './start-options.ts'
import { localhostDoubts, refuseUsedPorts } from './used-ports.ts'

const options = (host: string, port: number) => ({ api: { host, port, url: urlOf(host, port) } }) as StartOptions

async function occupy(host: string): Promise<number> {
  const port = await freePort()
  const server = createServer().listen(port, host)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return port
}

test('a port that is in use on the address of the api is refused, on another address it is not', async () => {
  const port = await occupy('127.0.0.1')
  for (const host of ['127.0.0.1', '0.0.0.0']) {
    await expect(refuseUsedPorts(options(host, port))).rejects.toThrow(`Port ${port} of ${host}, meant for the api`)
  }
  await refuseUsedPorts(options('127.0.0.1', await freePort()))
})

test('an address of another machine is refused', async () => {
  const refused = refuseUsedPorts(options('192.0.2.1', 8080))
  await expect(refused).rejects.toThrow(StartError)
  await expect(refused).rejects.toThrow('(EADDRNOTAVAIL): set HOST to an address of this machine')
})

test('another program on the other loopback address is told of, since localhost may lead there', async (context) => {
  const port = await occupy('::1').catch(() => context.skip('no IPv6 here'))
  expect(await localhostDoubts(options('127.0.0.1', port))).toEqual([
    `Another program listens on http://[::1]:${port}, and localhost:${port} may reach that one: write http://127.0.0.1:${port}.`,
  ])
  expect(await localhostDoubts(options('::', port))).toEqual([])
  expect(await localhostDoubts(options('127.0.0.1', await freePort()))).toEqual([])
})
