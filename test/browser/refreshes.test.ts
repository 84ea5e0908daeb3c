import { expect, test } from 'vitest'
import { browserOfFile } from '../support/browser.ts'
import { dashboardOfTest, untilShown } from '../support/dashboard.ts'

const browser = browserOfFile()

const USERS = Array.from({ length: 20 }, (_, i) => `user-${i}`)

test('refreshes stand there, the newest first, and lead to what became of each', async () => {
  const dashboard = await dashboardOfTest(browser, { env: { JOB_ATTEMPTS: '1' } })
  dashboard.backend.set('user-3', 500)
  await dashboard.refresh(['john'])
  await dashboard.refresh(USERS)
  const { page } = await dashboard.open('/refreshes')
  await untilShown(page, 'Refreshes')
  const rows = page.getByRole('table', { name: 'Refreshes' }).getByRole('row')
  await expect.poll(() => rows.count()).toBe(3)
  expect(await rows.nth(1).textContent()).toContain('contacts-app')
  await rows.nth(1).getByRole('link').first().click()

  await page.getByRole('heading', { level: 1, name: /^Refresh / }).waitFor()
  await page.getByText('Asked for by contacts-app').waitFor()
  await page.getByText('backend-status').first().waitFor()
  await page.getByText('user-3').first().waitFor()
})

test('the filters are in the address', async () => {
  const dashboard = await dashboardOfTest(browser)
  await dashboard.refresh(['john'])
  const { page } = await dashboard.open('/refreshes?state=running')
  await page.getByText('No refresh is like that').waitFor()
  await page.getByLabel('State').selectOption('Done')
  await page.getByRole('table', { name: 'Refreshes' }).waitFor()
  expect(new URL(page.url()).search).toBe('?state=done')
  await page.reload()
  await page.getByRole('table', { name: 'Refreshes' }).waitFor()
  expect(await page.getByLabel('State').inputValue()).toBe('done')
})
