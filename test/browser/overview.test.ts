import { afterAll, beforeAll, expect, test } from 'vitest'
import { browserOfFile } from '../support/browser.ts'
import { type Dashboard, dashboardOfTest, startDashboard, untilShown } from '../support/dashboard.ts'
import { startReceiver } from '../support/http-receiver.ts'

const browser = browserOfFile()
let dashboard: Dashboard

beforeAll(async () => {
  dashboard = await startDashboard(browser)
  dashboard.backend.set('mary', 500)
  await dashboard.refresh(['john', 'aaron', 'mary'])
})
afterAll(() => dashboard.stop())

test.each([
  ['Refreshes', '/ops/refreshes'],
  ['Users settled', '/ops/refreshes'],
  ['Notice to settled, p50', '/ops/refreshes'],
  ['Oldest wait', '/ops/queues'],
  ['Users waiting', '/ops/queues'],
  ['Error share', '/ops/failures'],
  ['Failed users', '/ops/failures'],
  ['Stored users', '/ops/users'],
  ['Workers', '/ops/processes'],
])('%s leads to its list', async (name, path) => {
  const { page } = await dashboard.open('/')
  await untilShown(page, 'Overview')
  await page.getByRole('main').getByRole('link', { name, exact: true }).click()
  await expect.poll(() => new URL(page.url()).pathname).toBe(path)
})

test('the numbers are those of Redis, and of now', async () => {
  const { page } = await dashboard.open('/')
  await untilShown(page, 'Overview')
  const figure = (label: string) => page.getByRole('main').getByText(label, { exact: true }).locator('../..')
  await expect.poll(() => figure('Stored users').textContent()).toBe('Stored users2with a roster')
  await expect.poll(() => figure('Failed users').textContent()).toBe('Failed users1whose last fetch failed')
  await dashboard.refresh(['jane'])
  await expect.poll(() => figure('Stored users').textContent()).toBe('Stored users3with a roster')
})

test('a chart can be read as a table and moved along by keys, and how far back it goes stands in the address', async () => {
  const { page } = await dashboard.open('/?range=6h')
  await untilShown(page, 'Overview')
  const ranges = page.getByRole('navigation', { name: 'How far back' })
  expect(await ranges.getByRole('link', { name: '6 h' }).getAttribute('aria-current')).not.toBeNull()
  await ranges.getByRole('link', { name: '1 h' }).click()
  await expect.poll(() => page.url()).toContain('range=1h')

  const chart = page.getByRole('group', { name: /^Users settled/ })
  await chart.locator('canvas').first().waitFor() // it knows keys from then on
  await chart.focus()
  await page.keyboard.press('ArrowLeft')
  await page.getByText(/^\d\d:\d\d:\d\d: all .*, changed .*, failed /).waitFor({ state: 'attached' })

  await page.getByRole('button', { name: 'Users settled: show as a table' }).click()
  const table = page.getByRole('region', { name: 'Users settled, as a table' })
  expect(await table.getByRole('row').count()).toBeGreaterThan(2)
  await page.getByRole('button', { name: 'Users settled: show as a chart' }).click()
  await chart.waitFor()
})

test('a target that takes nothing is said to, until it does', async () => {
  const receiver = await startReceiver()
  receiver.answer(503)
  const secret = `whsec_${Buffer.alloc(24).toString('base64')}`
  const TARGETS = JSON.stringify({ crm: { type: 'webhook', url: receiver.url, secret } })
  const withTarget = await dashboardOfTest(browser, { env: { TARGETS } })
  await withTarget.rollcall.startGateway()
  await withTarget.refresh(['john'])
  const { page } = await withTarget.open('/')
  await untilShown(page, 'Overview')
  await page.getByText('Unavailable', { exact: true }).first().waitFor()
  await page
    .getByText(/crm takes no changes/)
    .first()
    .waitFor()
  receiver.answer(204)
  await page.getByText('Follows', { exact: true }).first().waitFor()
  await page.getByText('Rollcall is well.').first().waitFor()
})

test('a sentence leads to where one acts', async () => {
  const { page } = await dashboard.open('/')
  await dashboard.rollcall.send('/ops/api/queues/all/pause', {
    method: 'POST',
    headers: { authorization: `Bearer ${dashboard.tokens.operate}` },
  })
  await page.getByText(/The queue is paused/).waitFor()
  await page
    .getByRole('listitem')
    .filter({ hasText: 'The queue is paused' })
    .getByRole('link', { name: 'Queues' })
    .click()
  await page.getByRole('button', { name: 'Resume all' }).click()
  await page.getByRole('button', { name: 'Well' }).waitFor()
})

test('a backend that failed is said to answer again, and since when', async () => {
  const env = { JOB_ATTEMPTS: '1', HEARTBEAT_MS: '200', BREAKER_FAILURES: '1000' }
  const failing = await dashboardOfTest(browser, { env })
  failing.backend.set('*', 500)
  const { page } = await failing.open('/')
  await untilShown(page, 'Overview')
  const usersNamed = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}-${i}`)
  await failing.refresh(usersNamed('sick', 8))
  await page.getByText('Failing', { exact: true }).waitFor()
  failing.backend.unset()
  await failing.refresh(usersNamed('well', 200))
  await page.getByText('Answers again', { exact: true }).waitFor()
  await page.getByText(/^Since (now|\d+ sec\. ago)$/).waitFor()
})
