import { expect, test } from 'vitest'
import { browserOfFile } from '../support/browser.ts'
import { dashboardOfTest, untilShown } from '../support/dashboard.ts'

const browser = browserOfFile()

test('a token is made, works at once, is revoked, and is refused at once; all of that is in the audit log', async () => {
  const dashboard = await dashboardOfTest(browser)
  const { rollcall } = dashboard
  const { page } = await dashboard.open('/settings?tab=tokens')
  await untilShown(page, 'Settings')
  await page.getByRole('button', { name: 'Make a token' }).click()
  await page.getByRole('button', { name: 'Make', exact: true }).click()
  await page.getByText(/Write a name for people/).waitFor()
  await page.getByLabel('Name', { exact: true }).fill('prosody')
  await page.getByRole('checkbox', { name: /^read/ }).check()
  await page.getByRole('button', { name: 'Make', exact: true }).click()
  const shown = page.getByRole('dialog', { name: '“prosody” is made' })
  const token = (await shown.locator('code').first().textContent()) ?? ''
  await shown.getByRole('button', { name: 'I have it' }).click()
  await shown.waitFor({ state: 'detached' })

  const read = async () =>
    (await rollcall.send('/contacts/john', { headers: { authorization: `Bearer ${token}` } })).status
  expect(await read()).toBe(200)
  await page.getByRole('button', { name: 'Revoke prosody' }).waitFor()
  expect(await page.content(), 'it is shown once').not.toContain(token)

  await page.getByRole('button', { name: 'Revoke prosody' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click()
  await page.getByText('“prosody” is revoked.').first().waitFor()
  await page.getByRole('button', { name: 'Revoke prosody' }).waitFor({ state: 'detached' })
  expect(await read()).toBe(401)

  await page.getByRole('tab', { name: 'Audit log' }).click()
  const rows = page.getByRole('table', { name: 'Audit log' }).getByRole('row')
  await rows.filter({ hasText: 'revoke token' }).waitFor()
  await rows.filter({ hasText: 'make token' }).waitFor()
  expect(await dashboard.audit()).toMatchObject([
    { who: 'maria', action: 'revoke-token', result: 'done' },
    { who: 'maria', action: 'make-token', result: 'done' },
  ])
})

test('who may only look makes no token, and one of the configuration is not revoked here', async () => {
  const dashboard = await dashboardOfTest(browser)
  const { page } = await dashboard.open('/settings?tab=tokens', { as: 'view' })
  await untilShown(page, 'Settings')
  for (const name of ['Make a token', 'Revoke maria']) {
    const button = page.getByRole('button', { name })
    expect(await button.getAttribute('aria-disabled'), name).toBe('true')
  }
  await page
    .getByText(/“on-call” may look and not act/)
    .first()
    .waitFor({ state: 'attached' })
  await page
    .getByText(/It stands in the configuration/)
    .first()
    .waitFor({ state: 'attached' })
})

test('the configuration is shown without its secrets, and found in', async () => {
  const secret = 'a-password-of-the-backend'
  const env = { BACKEND_HEADERS: JSON.stringify({ Authorization: `Bearer ${secret}` }), CHANGES_MAXLEN: '4321' }
  const dashboard = await dashboardOfTest(browser, { env })
  const { page } = await dashboard.open('/settings')
  await untilShown(page, 'Settings')
  await page.getByText('4321').first().waitFor()
  expect(await page.content()).not.toContain(secret)
})
