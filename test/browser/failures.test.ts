import { expect, test } from 'vitest'
import { axeInAllLooks, browserOfFile } from '../support/browser.ts'
import { type Dashboard, dashboardOfTest, untilShown } from '../support/dashboard.ts'
import { untilMinuteIsYoung } from '../support/emptied-minute.ts'

const browser = browserOfFile()

const SICK = Array.from({ length: 30 }, (_, i) => `sick-${i}`)
const ODD = Array.from({ length: 12 }, (_, i) => `odd-${i}`)
const GONE = Array.from({ length: 5 }, (_, i) => `gone-${i}`)

/** Each user is fetched once, and not again by itself. */
const ONCE = {
  JOB_ATTEMPTS: '1',
  BACKEND_TIMEOUT_MS: '60000',
  BREAKER_FAILURES: '10000',
  REPAIR_MIN_MS: '3600000',
  REPAIR_MAX_MS: '3600000',
}

/** Three groups: backend-status, roster-invalid, user-unknown. */
async function withFailures(): Promise<Dashboard> {
  const dashboard = await dashboardOfTest(browser, { env: ONCE })
  const { backend } = dashboard
  for (const username of SICK) backend.set(username, 500)
  for (const username of ODD) backend.set(username, { kind: 'raw', body: '[1, 2' })
  for (const username of GONE) backend.set(username, 404)
  await dashboard.refresh([...SICK, ...ODD, ...GONE])
  return dashboard
}

test('failures stand there by cause, and the address keeps which of them are looked at', async () => {
  const dashboard = await withFailures()
  const { page } = await dashboard.open('/failures')
  await untilShown(page, 'Failures')
  await page.getByText('47 users in 3 groups').waitFor()

  await page.getByLabel('Code').selectOption('roster-invalid')
  await page.getByText('12 users in 1 group').waitFor()
  await page.reload()
  await page.getByText('12 users in 1 group').waitFor()
  expect(new URL(page.url()).search).toBe('?code=roster-invalid')
  await page.getByRole('link', { name: 'odd-3@example.org' }).first().waitFor()
})

test('a group is retried after a question that says how many, with its progress; only its users are fetched', async () => {
  const dashboard = await withFailures()
  const { backend, redis, keysOf } = dashboard
  for (const username of SICK) backend.unset(username)
  const before = backend.requests.length
  const { page } = await dashboard.open('/failures')

  await page.getByRole('button', { name: /^Retry users .*backend-status/ }).click()
  const dialog = page.getByRole('dialog', { name: 'Retry 30 users?' })
  await dialog.getByRole('button', { name: 'Retry', exact: true }).click()
  await page.getByText('Retried 30 users').waitFor({ timeout: 60_000 })
  await page.getByText('All went well.').waitFor()
  await page.getByText('17 users in 2 groups').waitFor()

  const asked = backend.requests.slice(before).map(({ username }) => username)
  expect(asked.toSorted()).toEqual(SICK.toSorted())
  expect(await redis.zcard(keysOf('sick-1').names)).toBe(30)
  expect(await dashboard.audit()).toMatchObject([{ who: 'maria', action: 'retry-failures', count: 30, result: 'done' }])
})

test('all that match are retried, and who fails again is counted', async () => {
  const dashboard = await withFailures()
  for (const username of SICK) dashboard.backend.unset(username)
  const { page } = await dashboard.open('/failures')
  await page.getByRole('button', { name: 'Retry all 47…' }).click()
  await page
    .getByRole('dialog', { name: 'Retry 47 users?' })
    .getByRole('button', { name: 'Retry', exact: true })
    .click()
  await page.getByText('Retried 47 users').waitFor({ timeout: 60_000 })
  await page.getByText(/17 failed again/).waitFor()
  await page.getByText('17 users in 2 groups').waitFor()
})

test('10,000 failures of three causes are three groups, and all of them are really retried', {
  timeout: 600_000,
}, async () => {
  const dashboard = await dashboardOfTest(browser, {
    env: { ...ONCE, REFRESH_DEADLINE_MS: '240000' },
  })
  const { backend, redis, keysOf } = dashboard
  const everybody = Array.from({ length: 10_000 }, (_, i) => `user-${i}`)
  backend.set('*', 500)
  for (const username of everybody.slice(0, 3_000)) backend.set(username, 404)
  for (const username of everybody.slice(3_000, 5_000)) backend.set(username, { kind: 'raw', body: '[' })
  expect(await dashboard.refresh(everybody)).toMatchObject({ errors: 10_000 })
  await untilNoJobIsLeft(dashboard)
  backend.unset()
  const before = backend.requests.length
  const { page } = await dashboard.open('/failures')
  await page.getByText('10,000 users in 3 groups').waitFor()

  await page.getByRole('button', { name: 'Retry all 10,000…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Retry 10,000 users?' })
  await dialog.getByRole('button', { name: 'Retry', exact: true }).click()
  await page.getByRole('progressbar').first().waitFor({ timeout: 120_000 }) // once they have all been asked for
  await page.getByText('Retried 10,000 users').waitFor({ timeout: 300_000 })
  await page.getByText('Nobody’s last fetch has failed').waitFor()
  expect(backend.requests.length - before).toBeGreaterThanOrEqual(10_000)
  expect(await redis.zcard(keysOf('user-1').names)).toBe(10_000)
  expect(await dashboard.audit()).toMatchObject([{ who: 'maria', action: 'retry-failures', count: 10_000 }])
})

test('a group is dismissed: it is gone from the list and from what is repaired, and who did that is written down', async () => {
  const dashboard = await withFailures()
  const { redis, keysOf } = dashboard
  const failed = () => redis.zcard(keysOf('odd-1').failed)
  const before = await failed()
  const { page } = await dashboard.open('/failures')
  await page.getByRole('button', { name: /^Dismiss users .*roster-invalid/ }).click()
  const dialog = page.getByRole('dialog', { name: 'Dismiss 12 users?' })
  await dialog.getByRole('button', { name: 'Dismiss', exact: true }).click()
  await page.getByText('35 users in 2 groups').waitFor()
  expect(before - (await failed())).toBe(12)
  expect(await dashboard.audit()).toMatchObject([{ who: 'maria', action: 'dismiss-failures', count: 12 }])
})

test('a question stays open while others fail; whoever uses keys goes on where a group was that is gone', async () => {
  const dashboard = await withFailures()
  const { page } = await dashboard.open('/failures')
  await page.getByText('47 users in 3 groups').waitFor()
  await page.getByRole('button', { name: /^Dismiss users .*roster-invalid/ }).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Dismiss 12 users?' })
  await dialog.waitFor()
  dashboard.backend.set('late', 500)
  await dashboard.refresh(['late'])
  await page.getByText('48 users in 3 groups').waitFor()
  expect(await dialog.isVisible()).toBe(true)

  await dialog.getByRole('button', { name: 'Dismiss', exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('36 users in 2 groups').waitFor()
  const table = page.getByRole('table', { name: 'Groups of failures' })
  await table.locator(':focus').waitFor()
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Tab')
  await table.locator(':focus').waitFor()
})

test('when nobody has failed, that is said', async () => {
  const dashboard = await dashboardOfTest(browser)
  const { page } = await dashboard.open('/failures')
  await page.getByText('Nobody’s last fetch has failed').waitFor()
})

/** A user who waited for long is put into the queue a second time: that job comes after all have been answered. */
async function untilNoJobIsLeft({ redis, keysOf }: Dashboard): Promise<void> {
  const queue = `${keysOf('user-1').prefix}:refresh`
  const jobs = async () =>
    (await redis.llen(`${queue}:active`)) +
    (await redis.zcard(`${queue}:prioritized`)) +
    (await redis.llen(`${queue}:wait`))
  await expect.poll(jobs, { timeout: 60_000 }).toBe(0)
}

test('empty rosters that are held back are told of, and judged by who has looked', async () => {
  const dashboard = await dashboardOfTest(browser, { env: { ...ONCE, EMPTIED_MIN: '5', SWEEP_INTERVAL_MS: '100' } })
  const { backend, redis } = dashboard
  const users = Array.from({ length: 30 }, (_, i) => `user-${i}`)
  await dashboard.refresh(users)
  await redis.del(dashboard.keysOf('user-1').emptied)
  await untilMinuteIsYoung(redis)
  for (const user of users) backend.rosters.set(user, {})
  await dashboard.refresh(users)
  const { page } = await dashboard.open('/')
  const sentence = page
    .getByRole('listitem')
    .filter({ hasText: /example\.org gives empty rosters; they are held back/ })
  await sentence.getByRole('link', { name: 'Failures' }).click()
  await page.getByText('The backend of example.org has given empty rosters to too many users').waitFor()

  for (const user of users) backend.rosters.delete(user)
  await page.getByRole('button', { name: 'They are wrong…' }).click()
  expect(await axeInAllLooks(page)).toEqual([])
  await page.getByRole('button', { name: 'It has been mended' }).click()
  await page.getByText(/^\d+ users of example\.org are fetched again$/).waitFor()
  await page.getByText('Nobody has failed like that').waitFor({ timeout: 60_000 }) // they come due over ten seconds
  await page.getByRole('button', { name: 'Well' }).waitFor()
  expect(await redis.zcard(dashboard.keysOf('user-1').failed)).toBe(0)
  expect(await dashboard.audit()).toMatchObject([
    { action: 'judge-emptied', who: 'maria', what: 'example.org: they are wrong', result: 'done' },
  ])
})
