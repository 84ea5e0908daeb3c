import { expect, test } from 'vitest'
import { browserOfFile } from '../support/browser.ts'
import { dashboardOfTest, jidOf, untilShown } from '../support/dashboard.ts'

const browser = browserOfFile()

const contact = (name: string) => ({ [`${name}@example.org`]: { name, groups: [], subscription: 'both' } })

test('changes come by themselves; paused, they wait and are counted; the filter is in the address', async () => {
  const dashboard = await dashboardOfTest(browser)
  const { backend } = dashboard
  const { page } = await dashboard.open('/changes')
  await untilShown(page, 'Changes')
  await page.getByText('Nothing has changed yet').waitFor()

  backend.rosters.set('john', contact('anna'))
  await dashboard.refresh(['john'])
  const rows = page.getByRole('list', { name: 'Changes' }).locator(':scope > li')
  const of = (jid: string) => page.getByRole('list', { name: 'Changes' }).getByRole('link', { name: jid })
  await of(jidOf('john')).waitFor()
  await page.getByText('anna@example.org').waitFor()

  await page.getByRole('button', { name: 'Pause' }).click()
  backend.rosters.set('aaron', contact('ben'))
  await dashboard.refresh(['aaron'])
  const show = page.getByRole('button', { name: 'Show 1 new one' })
  await show.waitFor()
  expect(await of(jidOf('aaron')).count()).toBe(0)
  await show.click()
  await of(jidOf('aaron')).waitFor()

  await page.getByLabel('User', { exact: true }).fill('john')
  await of(jidOf('aaron')).waitFor({ state: 'detached' })
  await expect.poll(() => new URL(page.url()).search).toBe('?user=john')
  await page.reload()
  await of(jidOf('john')).waitFor()
  backend.rosters.set('aaron', contact('carla'))
  backend.rosters.set('john', contact('dora'))
  await dashboard.refresh(['aaron', 'john'])
  await page.getByText('dora@example.org').waitFor()
  expect(await page.getByText('carla@example.org').count()).toBe(0)
  expect(await rows.count()).toBe(2)
})
