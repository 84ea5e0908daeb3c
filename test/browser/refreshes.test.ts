import { expect, test } from 'vitest'
import { browserOfFile } from '../support/browser.ts'
import { dashboardOfTest, untilShown } from '../support/dashboard.ts'

const browser = browserOfFile()

const USERS = Array.from({ length: 20 }, (_, i) => `user-${i}`)

const CANCELLED = expect.objectContaining({ code: 'refresh-cancelled' })

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

test('one that runs shows how far it has come, and is cancelled: its users are settled, and its caller is answered', async () => {
  const dashboard = await dashboardOfTest(browser, {
    env: { WORKER_CONCURRENCY: '2', SLOW_LANE: '0', BACKEND_TIMEOUT_MS: '3600000', REFRESH_DEADLINE_MS: '110000' },
  })
  const { backend, redis, keysOf } = dashboard
  const held = backend.hold('*')
  const answered = dashboard.refresh(USERS)
  await backend.until(() => backend.requests.length >= 2)
  const { page } = await dashboard.open('/refreshes?state=running')
  await page.getByRole('table', { name: 'Refreshes' }).getByRole('link').first().click()
  await page.getByRole('heading', { level: 1, name: /^Refresh / }).waitFor()

  await page.getByRole('button', { name: 'Cancel…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the refresh' }).click()
  await page
    .getByText(/The refresh has been cancelled/)
    .first()
    .waitFor()
  const answer = await answered
  expect(answer).toMatchObject({ updated: 0, errors: USERS.length, failures: expect.arrayContaining([CANCELLED]) })
  expect(answer).not.toHaveProperty('pending')
  expect(await redis.zcard(keysOf('user-1').open), 'those whose fetch has begun, at most').toBeLessThanOrEqual(2)
  expect(await dashboard.audit()).toMatchObject([{ who: 'maria', action: 'cancel-refresh', result: 'done' }])
  held.release()
  await expect.poll(() => redis.zcard(keysOf('user-1').open)).toBe(0)
  expect(backend.requests.length, 'nobody else is fetched').toBeLessThan(USERS.length)
})

test('the failures of one are retried by a new one, which opens', async () => {
  const dashboard = await dashboardOfTest(browser, { env: { JOB_ATTEMPTS: '1' } })
  const { backend } = dashboard
  for (const username of USERS.slice(0, 4)) backend.set(username, 500)
  await dashboard.refresh([...USERS, '..', 'a b']) // nobody: they cannot be asked for again
  backend.unset()
  const before = backend.requests.length
  const { page } = await dashboard.open('/refreshes')
  await page.getByRole('table', { name: 'Refreshes' }).getByRole('link').first().click()
  await page.getByRole('button', { name: 'Retry its failures…' }).click()
  await page.getByRole('dialog', { name: 'Retry 4 users?' }).getByRole('button', { name: 'Retry', exact: true }).click()
  await page.getByText('Asked for by maria').waitFor()
  await page.getByText('done', { exact: true }).first().waitFor()
  const asked = backend.requests.slice(before).map(({ username }) => username)
  expect(asked.toSorted()).toEqual(USERS.slice(0, 4))
  expect(await dashboard.audit()).toMatchObject([{ who: 'maria', action: 'retry-refresh', count: 4 }])
})
