import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { untilTargetsSettle } from './target-settled.ts'

const target = { state: 'following', waiting: 0, delivered: 3, writes: 60 }

/** A gateway that says each of these once, and the last one from then on. */
async function standInGateway(...says: object[]) {
  let looks = 0
  const server = createServer((_request, response) => {
    const targets = says[Math.min(looks, says.length - 1)]
    looks += 1
    response.end(JSON.stringify({ targets }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, looks: () => looks }
}

test('the clients wait until nothing waits and nothing was written between two looks', async () => {
  const { url, looks } = await standInGateway(
    [],
    [{ ...target, state: 'reconciling' }],
    [{ ...target, waiting: 2 }],
    [{ ...target, writes: 59 }],
    [target],
    [target, { ...target, state: 'unavailable' }],
    [target],
  )
  await untilTargetsSettle(url)
  expect(looks()).toBe(8)
})
