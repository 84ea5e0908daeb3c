import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
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

test('on a phone they can be put in order, too', async () => {
  const { page } = await dashboard.open('/processes', { viewport: PHONE })
  await untilShown(page, 'Processes')
  const names = () => namesIn(page)
  await page.getByLabel('Sort by').selectOption({ label: 'Process' })
  await expect.poll(async () => isAscending(await names())).toBe(true)
  await page.getByRole('button', { name: 'The smallest first: turn round' }).click()
  await expect.poll(async () => isAscending((await names()).toReversed())).toBe(true)
  expect(new URL(page.url()).search).toBe('?sort=-id')
  await page.setViewportSize(DESK)
  expect(await page.getByLabel('Sort by').isVisible(), 'where there are headings').toBe(false)
})

const isAscending = (names: readonly string[]): boolean =>
  names.length === 3 && names.every((name, i) => i === 0 || name > (names[i - 1] ?? ''))

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
  expect(await versions.count()).toBe(0)
  const { redis } = dashboard
  const [id = ''] = await redis.zrange('rollcall:processes', '0', '0')
  const other = {
    ...JSON.parse((await redis.get(`rollcall:process:${id}`)) ?? '{}'),
    id: 'worker-newer',
    version: '9.9.9',
  }
  await redis.set('rollcall:process:worker-newer', JSON.stringify({ ...other, intervalMs: 60_000 }), 'PX', 120_000)
  await redis.zadd('rollcall:processes', 0, 'worker-newer')
  await versions.waitFor()
  expect(await versions.textContent()).toMatch(/\(3\), 9\.9\.9 \(1\)\.$|9\.9\.9 \(1\), .* \(3\)\.$/)
  await redis.del('rollcall:process:worker-newer')
  await versions.waitFor({ state: 'detached' })
})

const namesIn = (page: Page): Promise<string[]> =>
  page
    .getByRole('table', { name: 'Processes' })
    .getByText(/^(api|worker)-[0-9a-f]+$/)
    .allInnerTexts()
