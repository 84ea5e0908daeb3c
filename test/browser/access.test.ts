import { describe, expect, test } from 'vitest'
import { browserOfFile } from '../support/browser.ts'
import { type Dashboard, dashboardOfTest } from '../support/dashboard.ts'

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

/** What the api answers to whoever has that cookie. */
async function statusOf({ rollcall }: Dashboard, cookie: string): Promise<number> {
  return (await rollcall.send('/ops/api/session', { headers: { cookie } })).status
}
