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

const VIEWS = [
  ['/', 'Overview'],
  ['/users', 'Users'],
  [`/users/${jidOf('john')}`, jidOf('john')],
  ['/refreshes', 'Refreshes'],
  ['/failures', 'Failures'],
  ['/changes', 'Changes'],
  ['/queues', 'Queues'],
  ['/processes', 'Processes'],
  ['/settings', 'Settings'],
] as const

test.each(VIEWS)('%s is for everybody, light and dark, at a desk and on a phone', async (path, title) => {
  const { page } = await dashboard.open(path)
  await untilShown(page, title)
  expect(await axeInAllLooks(page)).toEqual([])
  // Charts are drawn anew when they have another width, which the page has first.
  await expect.poll(() => overflow(page), { message: 'at a desk' }).toBeLessThanOrEqual(0)
  expect(await page.evaluate(CUT_OFF), 'tables of which the end is not seen').toEqual([])
  await page.setViewportSize(PHONE)
  await expect.poll(() => overflow(page), { message: 'on a phone' }).toBeLessThanOrEqual(0)
})

test.each(VIEWS)('in %s it can be seen what has the focus', async (path, title) => {
  const { page } = await dashboard.open(path)
  await untilShown(page, title)
  const unseen = new Set<unknown>()
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(FOCUS_WITHOUT_RING)
    if (focused !== null) unseen.add(focused)
  }
  expect([...unseen]).toEqual([])
})

/** Pixels by which the page is wider than what is seen of it. */
const overflow = (page: Page): Promise<unknown> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')

/** Tables that are wider than the card around them, which cuts off what does not fit: buttons, most often. */
const CUT_OFF = `[...document.querySelectorAll('table')]
  .filter((table) => table.getBoundingClientRect().right > table.parentElement.getBoundingClientRect().right + 1)
  .map((table) => table.getAttribute('aria-label'))`

/** What has the focus, if neither it nor what is around it has an outline; else null. */
const FOCUS_WITHOUT_RING = `(() => {
  const focused = document.activeElement
  if (focused === document.body) return null
  for (let at = focused; at; at = at.parentElement) {
    const { outlineStyle, outlineWidth } = getComputedStyle(at)
    if (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2) return null
  }
  return focused.outerHTML.slice(0, 200)
})()`
