import type { Step } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { historyRoutes } from './history.ts'
import type { OpsCall } from './route.ts'

const NOW = 1_800_000_030_000

function ask() {
  let reads = 0
  let isAway = false
  const [route] = historyRoutes({
    history: {
      async now() {
        if (isAway) throw new Error('Redis is away')
        reads++
        return NOW
      },
      read: async (_resolution, numbers) => numbers.map((): Step => new Map()),
    },
    domains: [],
    targets: [],
  })
  const call = { operator: { domains: '*', rights: ['view'] }, query: { range: '1h' } } as unknown as OpsCall
  return {
    charts: () => route?.handle(call),
    reads: () => reads,
    setAway: (away: boolean) => {
      isAway = away
    },
  }
}

test('charts are read once for all who look at about the same time', async () => {
  const { charts, reads } = ask()
  const all = await Promise.all([charts(), charts(), charts()])
  expect(all[2]).toMatchObject({ range: '1h', at: { length: 60 } })
  expect(reads()).toBe(1)
})

test('what could not be read is read by the next one who looks', async () => {
  const { charts, setAway } = ask()
  setAway(true)
  await expect(charts()).rejects.toThrow('Redis is away')
  setAway(false)
  expect(await charts()).toMatchObject({ range: '1h' })
})
