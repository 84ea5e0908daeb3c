import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { axeInAllLooks, browserOfFile, PHONE } from '../support/browser.ts'
import { type Dashboard, jidOf, startDashboard, untilShown } from '../support/dashboard.ts'

const browser = browserOfFile()
let dashboard: Dashboard

beforeAll(async () => {
  dashboard = await startDashboard(browser)
  dashboard.backend.set('mary', 500)
  await dashboard.refresh(['john', 'aaron', 'mary'])
})
afterAll(() => dashboard.stop())

test.each([
  ['/', 'Overview'],
  ['/users', 'Users'],
  [`/users/${jidOf('john')}`, jidOf('john')],
  ['/refreshes', 'Refreshes'],
  ['/failures', 'Failures'],
  ['/changes', 'Changes'],
  ['/queues', 'Queues'],
  ['/processes', 'Processes'],
  ['/settings', 'Settings'],
])('%s is for everybody, light and dark, at a desk and on a phone', async (path, title) => {
  const { page } = await dashboard.open(path)
  await untilShown(page, title)
  expect(await axeInAllLooks(page)).toEqual([])
  expect(await overflow(page), 'at a desk').toBeLessThanOrEqual(0)
  await page.setViewportSize(PHONE)
  expect(await overflow(page), 'on a phone').toBeLessThanOrEqual(0)
})

/** Pixels by which the page is wider than what is seen of it. */
const overflow = (page: Page): Promise<unknown> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
