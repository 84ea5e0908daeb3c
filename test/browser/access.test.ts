import { describe, expect, test } from 'vitest'
import { axeInAllLooks, browserOfFile } from '../support/browser.ts'
import { type Dashboard, dashboardOfTest, jidOf, untilShown } from '../support/dashboard.ts'
import { startReceiver } from '../support/http-receiver.ts'

const browser = browserOfFile()

describe('whoever is not logged in', () => {
  test('is told that a token is wrong, gets with a right one to where the address leads, and leaves by logging out', async () => {
    const dashboard = await dashboardOfTest(browser)
    const { page, context, expects } = await dashboard.open('/users?prefix=jo', { as: null })
    expects(/401/)

    await page.getByLabel('Token').fill('not-a-token')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('heading', { name: 'Users' }).count()).toBe(0)

    await page.getByLabel('Token').fill(dashboard.tokens.operate)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor()
    expect(new URL(page.url()).search).toBe('?prefix=jo')
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor()

    const cookies = await context.cookies()
    expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }])
    const cookie = `${cookies[0]?.name}=${cookies[0]?.value}`
    expect(await statusOf(dashboard, cookie)).toBe(200)

    await page.getByRole('button', { name: 'Logged in: maria' }).click()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Token').waitFor()
    expect(await statusOf(dashboard, cookie), 'also for who has kept the cookie').toBe(401)
    await page.reload()
    await page.getByLabel('Token').waitFor()
  })
})

describe('whoever looks on is told why, and comes to the login and back, when', () => {
  test('the token was revoked', async () => {
    const dashboard = await dashboardOfTest(browser)
    const { url } = dashboard.rollcall.api
    const headers = { authorization: `Bearer ${dashboard.tokens.operate}` }
    const body = JSON.stringify({ name: 'for-a-while', rights: ['view'], domains: '*' })
    const made = await dashboard.rollcall.send('/ops/api/tokens', { method: 'POST', headers, body })
    const { token, entry } = made.json<{ token: string; entry: { id: string } }>()
    const { page, expects } = await dashboard.open('/processes', { as: null })
    expects(/401/)
    await page.getByLabel('Token').fill(token)
    await page.getByRole('button', { name: 'Log in' }).click()
    await untilShown(page, 'Processes')

    const revoked = await fetch(`${url}/ops/api/tokens/${entry.id}`, { method: 'DELETE', headers })
    expect(revoked.status).toBe(204)
    await page.getByRole('alert').getByText('the token that you logged in with was revoked').waitFor()
    expect(await axeInAllLooks(page)).toEqual([])
    await page.getByLabel('Token').fill(dashboard.tokens.view)
    await page.getByRole('button', { name: 'Log in' }).click()
    await untilShown(page, 'Processes')
  })

  test('they logged out in another window', async () => {
    const dashboard = await dashboardOfTest(browser)
    const { page, context, expects } = await dashboard.open('/changes')
    expects(/401/)
    await untilShown(page, 'Changes')
    const other = await context.newPage()
    await other.goto(`${dashboard.rollcall.api.url}/ops/`)
    await other.getByRole('button', { name: 'Logged in: maria' }).click()
    await other.getByRole('button', { name: 'Log out' }).click()
    await other.getByLabel('Token').waitFor()
    expect(await other.getByRole('alert').count()).toBe(0)
    await page.bringToFront()
    await page.getByRole('alert').getByText('You logged out in another window').waitFor()
  })
})

describe('whoever may only look', () => {
  test('finds what acts disabled, with the reason, and the api refuses besides', async () => {
    const dashboard = await dashboardOfTest(browser)
    await dashboard.refresh(['john'])
    const { page, expects } = await dashboard.open(`/users/${jidOf('john')}`, { as: 'view' })
    expects(/403/)

    for (const name of ['Refresh now', 'Compare with backend', 'Drop…']) {
      const button = page.getByRole('button', { name })
      await button.waitFor()
      expect(await button.getAttribute('aria-disabled'), name).toBe('true')
      const reason = page.locator(`id=${await button.getAttribute('aria-describedby')}`)
      expect(await reason.textContent(), name).toMatch(/“on-call” may look and not act/)
      await button.click({ force: true })
    }
    expect(dashboard.backend.requests, 'only that of the application').toHaveLength(1)

    const status = await page.evaluate(
      `fetch('/ops/api/users/${jidOf('john')}/drop', { method: 'POST' }).then((answer) => answer.status)`,
    )
    expect(status).toBe(403)
    expect(await dashboard.redis.exists(dashboard.keysOf('john').roster(jidOf('john')))).toBe(1)
    expect(await dashboard.audit()).toMatchObject([{ who: 'on-call', action: 'drop-roster', result: 'refused' }])
  })
})

test('whoever may only look finds no button in any view that acts', async () => {
  const dashboard = await dashboardOfTest(browser, { env: { JOB_ATTEMPTS: '1' } })
  dashboard.backend.set('mary', 500)
  await dashboard.refresh(['john', 'mary'])
  const { page } = await dashboard.open('/', { as: 'view' })
  const { url } = dashboard.rollcall.api
  for (const [path, ...names] of [
    ['/failures', /^Retry all/, /^Dismiss all/, /^Retry users/, /^Dismiss users/],
    ['/queues', 'Pause all…', 'Limit all…', 'Pause the queue of shard 0', 'Limit the queue of shard 0'],
    ['/settings?tab=tokens', 'Make a token'],
  ] as const) {
    await page.goto(`${url}/ops${path}`)
    for (const name of names) {
      const button = page.getByRole('button', { name })
      await button.waitFor()
      expect(await button.getAttribute('aria-disabled'), String(name)).toBe('true')
    }
  }
  await page.goto(`${url}/ops/refreshes`)
  await page.getByRole('table', { name: 'Refreshes' }).getByRole('link').first().click()
  const retry = page.getByRole('button', { name: 'Retry its failures…' })
  await retry.waitFor()
  expect(await retry.getAttribute('aria-disabled')).toBe('true')
})

test('a page of somebody else cannot act in the name of who is logged in', async () => {
  const dashboard = await dashboardOfTest(browser)
  await dashboard.refresh(['john'])
  const { context, expects } = await dashboard.open('/')
  expects(/another site|403|favicon/)
  const drop = `${dashboard.rollcall.api.url}/ops/api/users/${jidOf('john')}/drop`
  const site = await startReceiver()
  const body = `<!doctype html><title>Kittens</title><form method="post" action="${drop}"><button>More</button></form>`
  site.answer({ kind: 'raw', headers: { 'content-type': 'text/html' }, body })

  // Of the same site, for browsers: ports are no part of that. So the cookie is sent.
  const kittens = await context.newPage()
  await kittens.goto(site.url)
  const answered = kittens.waitForResponse(drop)
  await kittens.getByRole('button', { name: 'More' }).click()
  expect((await answered).status()).toBe(403)
  expect((await (await answered).request().allHeaders()).cookie).toBeDefined()
  expect(await dashboard.redis.exists(dashboard.keysOf('john').roster(jidOf('john')))).toBe(1)
})

test('without tokens, who is on this machine need not log in', async () => {
  const dashboard = await dashboardOfTest(browser, { env: { TOKENS: '' } })
  const { page } = await dashboard.open('/', { as: null })
  await untilShown(page, 'Overview')
})

/** What the api answers to whoever has that cookie. */
async function statusOf({ rollcall }: Dashboard, cookie: string): Promise<number> {
  return (await rollcall.send('/ops/api/session', { headers: { cookie } })).status
}
