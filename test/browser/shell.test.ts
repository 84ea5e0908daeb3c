import { afterAll, beforeAll, expect, test } from 'vitest'
import { browserOfFile, PHONE } from '../support/browser.ts'
import { type Dashboard, startDashboard, untilShown } from '../support/dashboard.ts'

// What is around the views: keys, navigation, what happens when something is missing.

const browser = browserOfFile()
let dashboard: Dashboard

beforeAll(async () => {
  dashboard = await startDashboard(browser)
  await dashboard.refresh(['john'])
})
afterAll(() => dashboard.stop())

test('keys go to every view, find a user and show all keys, but not while one writes', async () => {
  const { page } = await dashboard.open('/')
  await untilShown(page, 'Overview')
  for (const [key, title] of [
    ['u', 'Users'],
    ['r', 'Refreshes'],
    ['f', 'Failures'],
    ['c', 'Changes'],
    ['q', 'Queues'],
    ['p', 'Processes'],
    ['s', 'Settings'],
    ['o', 'Overview'],
  ] as const) {
    await page.keyboard.type(`g${key}`) // both at once: the second one counts for 1.5 s
    await untilShown(page, title)
    await expect.poll(() => page.title()).toBe(`${title} · Rollcall`)
  }

  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Help and keys' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })

  await page.keyboard.press('/')
  await page.keyboard.type('gu?jo')
  expect(new URL(page.url()).pathname).toBe('/ops/')
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type('jo')
  await page.keyboard.press('Enter')
  await untilShown(page, 'Users')
  expect(page.url()).toContain('/ops/users?prefix=jo')
  await page.getByRole('link', { name: 'john' }).first().waitFor()
})

test('on a phone, the views that do not fit are behind More', async () => {
  const { page } = await dashboard.open('/', { viewport: PHONE })
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('dialog', { name: 'More views' }).getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await untilShown(page, 'Settings')
})

test('an address without a view says so, and leads on', async () => {
  const { page } = await dashboard.open('/nowhere')
  await untilShown(page, 'Not found')
  await page.getByRole('main').getByRole('link', { name: 'Overview' }).click()
  await untilShown(page, 'Overview')
})

test('a view whose file cannot be loaded says why, and everything around it goes on', async () => {
  const { page } = await dashboard.open('/', { expected: [/./] })
  await untilShown(page, 'Overview')
  await page.route(/processes-view/, (route) => route.abort())
  await page.getByRole('link', { name: 'Processes' }).first().click()
  await page.getByRole('alert').getByText('Its file cannot be loaded').waitFor()
  await page.unroute(/processes-view/)
  await page.getByRole('button', { name: 'Try again' }).click()
  await untilShown(page, 'Processes')
})

test('who is logged in, and what they may do, is behind their name; logging out shows nothing any more', async () => {
  const { page, expects } = await dashboard.open('/settings?tab=tokens', { as: 'view' })
  expects(/401/)
  await untilShown(page, 'Settings')
  const make = page.getByRole('button', { name: 'Make a token' })
  expect(await make.getAttribute('aria-disabled')).toBe('true')
  await make.click({ force: true })
  expect(await page.getByRole('dialog').count()).toBe(0)
  await page.getByRole('button', { name: 'Logged in: on-call' }).click()
  await page.getByText('May look and not act, at all domains.').waitFor()
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByLabel('Token', { exact: true }).waitFor()
  expect(await page.getByText('contacts-app').count()).toBe(0)
})

test('a view that throws says so, and everything around it goes on', async () => {
  const { page } = await dashboard.open('/', { expected: [/./] })
  await untilShown(page, 'Overview')
  await page.route('**/ops/api/settings', (route) => route.fulfill({ json: {} }))
  await page.getByRole('link', { name: 'Settings' }).first().click()
  await untilShown(page, 'This view cannot be shown')
  await page.getByRole('alert').getByText('That is a bug of the dashboard').waitFor()
  await page.unroute('**/ops/api/settings')
  await page.getByRole('link', { name: 'Processes' }).first().click()
  await untilShown(page, 'Processes')
})
