import type { Page } from 'playwright-core'
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
  expect(await rows(page).count()).toBe(2)
})

test('what changes while the api is away is there once when it is back, without a look at the whole', async () => {
  const dashboard = await dashboardOfTest(browser)
  const { backend, rollcall } = dashboard
  const other = await rollcall.startApi()
  backend.rosters.set('john', contact('anna'))
  await dashboard.refresh(['john'])
  const { page, expects } = await dashboard.open('/changes')
  expects(/ERR_/)
  await untilShown(page, 'Changes')
  await rows(page).first().waitFor()
  await page.getByText('live', { exact: true }).waitFor()
  const pages: string[] = []
  page.on('request', (request) => void (/\/changes(\?|$)/.test(request.url()) && pages.push(request.url())))

  await rollcall.api.stop()
  await page.getByText('connecting again').waitFor()
  const names = Array.from({ length: 60 }, (_, i) => `user-${i}`)
  expect(await refreshAt(other.url, names, dashboard.tokens.application)).toBe(200)
  await rollcall.startApi({ PORT: new URL(rollcall.api.url).port })
  await expect.poll(() => rows(page).count()).toBe(61)
  const users = await rows(page).getByRole('link').allTextContents()
  expect(users.toSorted()).toEqual(['john', ...names].map(jidOf).toSorted())
  expect(pages).toEqual([])
})

const rows = (page: Page) => page.getByRole('list', { name: 'Changes' }).locator(':scope > li')

async function refreshAt(url: string, names: readonly string[], token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  return (await fetch(`${url}/roster_admin/refresh`, { method: 'POST', headers, body: JSON.stringify(names) })).status
}
