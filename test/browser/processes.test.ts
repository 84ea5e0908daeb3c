import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { browserOfFile, DESK, PHONE } from '../support/browser.ts'
import { type Dashboard, startDashboard, untilShown } from '../support/dashboard.ts'

const browser = browserOfFile()
let dashboard: Dashboard

beforeAll(async () => {
  dashboard = await startDashboard(browser, { workers: 2 })
})
afterAll(() => dashboard.stop())

test('every process is there; of which role, and in which order, stands in the address', async () => {
  const { page } = await dashboard.open('/processes')
  await untilShown(page, 'Processes')
  const names = () => namesIn(page)
  await expect
    .poll(async () => (await names()).map((name) => name.split('-')[0]).sort())
    .toEqual(['api', 'worker', 'worker'])

  await page.getByRole('link', { name: 'Workers' }).click()
  await expect.poll(() => page.url()).toContain('role=worker')
  await expect.poll(async () => (await names()).length).toBe(2)

  const process = page.getByRole('columnheader', { name: 'Process' })
  await process.getByRole('button').click()
  await expect.poll(() => process.getAttribute('aria-sort')).toBe('ascending')
  const ascending = await names()
  await process.getByRole('button').click()
  await expect.poll(() => process.getAttribute('aria-sort')).toBe('descending')
  expect(new URL(page.url()).search).toBe('?role=worker&sort=-id')
  expect(await names()).toEqual(ascending.toReversed())

  await page.reload()
  await untilShown(page, 'Processes')
  await expect.poll(names).toEqual(ascending.toReversed())
})

test('on a phone they can be put in order, too: ids as text, however many digits they begin with', async () => {
  await anotherWorker({ id: 'worker-9ab' })
  await anotherWorker({ id: 'worker-12c' })
  const { page } = await dashboard.open('/processes', { viewport: PHONE })
  await untilShown(page, 'Processes')
  const names = () => namesIn(page)
  await expect.poll(async () => (await names()).length).toBe(5)
  const ascending = (await names()).toSorted()
  expect(ascending.indexOf('worker-12c'), 'as text').toBeLessThan(ascending.indexOf('worker-9ab'))
  await page.getByLabel('Sort by').selectOption({ label: 'Process' })
  await expect.poll(names).toEqual(ascending)
  await page.getByRole('button', { name: 'The smallest first: turn round' }).click()
  await expect.poll(names).toEqual(ascending.toReversed())
  expect(new URL(page.url()).search).toBe('?sort=-id')
  await page.setViewportSize(DESK)
  await page.getByLabel('Sort by').waitFor({ state: 'hidden' }) // where there are headings
})

test('versions are put in order by their numbers', async () => {
  await anotherWorker({ id: 'worker-a', version: '0.10.0' })
  await anotherWorker({ id: 'worker-b', version: '0.9.0' })
  const { page } = await dashboard.open('/processes?sort=version')
  await untilShown(page, 'Processes')
  await expect.poll(async () => (await namesIn(page)).slice(-2)).toEqual(['worker-b', 'worker-a'])
})

test('times are told as they are, also where the clock of the browser is wrong', async () => {
  const { page } = await dashboard.open('/processes', {
    before: (context) => context.addInitScript('const right = Date.now; Date.now = () => right() + 3 * 3_600_000'),
  })
  await untilShown(page, 'Processes')
  const times = () => page.getByRole('table', { name: 'Processes' }).getByRole('time').allInnerTexts()
  await expect.poll(async () => (await times()).length).toBe(6)
  await expect.poll(async () => (await times()).join(', ')).toMatch(/^((now|\d+ (sec|min)\. ago)(, |$)){6}$/)
})

test('that several versions run is said', async () => {
  const { page } = await dashboard.open('/processes')
  await untilShown(page, 'Processes')
  const versions = page.getByText(/^Several versions run side by side/)
  await versions.waitFor({ state: 'detached' })
  await anotherWorker({ id: 'worker-c', version: '9.9.9' })
  await page.getByText(/\(3\), 9\.9\.9 \(1\)\.$|9\.9\.9 \(1\), .* \(3\)\.$/).waitFor()
  await dashboard.redis.del('rollcall:process:worker-c')
  await versions.waitFor({ state: 'detached' })
})

/** Says of another worker that it lives, until the test ends. */
async function anotherWorker(differing: { readonly id: string; readonly version?: string }): Promise<void> {
  const { redis } = dashboard
  const [like = ''] = await redis.zrange('rollcall:processes', '0', '0')
  const report = { ...JSON.parse((await redis.get(`rollcall:process:${like}`)) ?? '{}'), ...differing, role: 'worker' }
  const key = `rollcall:process:${differing.id}`
  onTestFinished(async () => void (await redis.del(key)))
  await redis.set(key, JSON.stringify({ ...report, intervalMs: 60_000 }), 'PX', 120_000)
  await redis.zadd('rollcall:processes', 0, differing.id)
}

const namesIn = (page: Page): Promise<string[]> =>
  page
    .getByRole('table', { name: 'Processes' })
    .getByText(/^(api|worker)-[0-9a-f]+$/)
    .allInnerTexts()
