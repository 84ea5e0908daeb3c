import { describe, expect, test } from 'vitest'
import { browserOfFile } from '../support/browser.ts'
import { dashboardOfTest, jidOf } from '../support/dashboard.ts'

const browser = browserOfFile()

const ANNA = { 'anna@example.org': { name: 'Anna', groups: ['Friends'], subscription: 'both' } }
const BEN = { 'ben@example.org': { name: 'Ben', groups: ['Work'], subscription: 'both' } }

describe('the list of users', () => {
  test('finds them by how their names begin, and keeps that in the address', async () => {
    const dashboard = await dashboardOfTest(browser)
    await dashboard.refresh(['john', 'joan', 'aaron'])
    const { page } = await dashboard.open('/users')
    await page.getByRole('link', { name: jidOf('aaron') }).waitFor()

    await page.getByLabel('Name begins with').fill('jo')
    await page.getByRole('link', { name: jidOf('aaron') }).waitFor({ state: 'detached' })
    expect(await page.getByRole('link', { name: /@example\.org/ }).allTextContents()).toEqual([
      jidOf('joan'),
      jidOf('john'),
    ])
    await expect.poll(() => new URL(page.url()).search).toBe('?prefix=jo')
    await page.reload()
    await page.getByRole('link', { name: jidOf('joan') }).waitFor()
    expect(await page.getByRole('link', { name: jidOf('aaron') }).count()).toBe(0)

    await page.getByRole('link', { name: jidOf('john') }).click()
    await page.getByRole('heading', { level: 1, name: jidOf('john') }).waitFor()
  })

  test('is where "/" and a name lead from everywhere', async () => {
    const dashboard = await dashboardOfTest(browser)
    await dashboard.refresh(['john', 'aaron'])
    const { page } = await dashboard.open('/queues')
    await page.getByRole('heading', { level: 1, name: 'Queues' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('jo')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: jidOf('john') }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/ops/users')
  })
})

describe('a user', () => {
  test('is refreshed now: the new roster is stored and shown, and who did it is written down', async () => {
    const dashboard = await dashboardOfTest(browser)
    const { backend, redis, keysOf } = dashboard
    backend.rosters.set('john', ANNA)
    await dashboard.refresh(['john'])
    const { page } = await dashboard.open(`/users/${jidOf('john')}`)
    await page.getByText('anna@example.org').first().waitFor()

    backend.rosters.set('john', { ...ANNA, ...BEN })
    await page.getByRole('button', { name: 'Refresh now' }).click()
    await page.getByText('Refreshed: the roster is a new one now.').waitFor()
    await page.getByText('ben@example.org').first().waitFor()
    expect(await redis.hget(keysOf('john').roster(jidOf('john')), 'body')).toContain('ben@example.org')
    expect(await dashboard.audit()).toMatchObject([
      { who: 'maria', action: 'refresh-user', what: jidOf('john'), result: 'done' },
    ])

    await page.getByRole('tab', { name: /Changes/ }).click()
    await page.getByText('ben@example.org').first().waitFor()
  })

  test('that fails to be refreshed keeps its roster, and says why', async () => {
    const dashboard = await dashboardOfTest(browser)
    dashboard.backend.rosters.set('john', ANNA)
    await dashboard.refresh(['john'])
    dashboard.backend.set('john', 500)
    const { page } = await dashboard.open(`/users/${jidOf('john')}`)
    await page.getByRole('button', { name: 'Refresh now' }).click()
    await page.getByText(/The refresh failed: .*500/).waitFor()
    await page.getByText('anna@example.org').first().waitFor()
  })

  test('is compared with the backend as it is now, and nothing of that is stored', async () => {
    const dashboard = await dashboardOfTest(browser)
    const { backend, redis, keysOf } = dashboard
    backend.rosters.set('john', ANNA)
    await dashboard.refresh(['john'])
    const key = keysOf('john').roster(jidOf('john'))
    const before = await redis.hgetall(key)
    const { page } = await dashboard.open(`/users/${jidOf('john')}`)

    await page.getByRole('button', { name: 'Compare with backend' }).click()
    await page.getByText(/with just the roster that is stored/).waitFor()

    backend.rosters.set('john', BEN)
    await page.getByRole('button', { name: 'Compare with backend' }).click()
    await page.getByText(/differs from what is stored by 2 contacts/).waitFor()
    await page.getByText('ben@example.org').first().waitFor()
    expect(await redis.hgetall(key)).toEqual(before)
  })

  test('is dropped after a question: the roster is gone from Redis, and fetched again when it is read', async () => {
    const dashboard = await dashboardOfTest(browser)
    const { backend, redis, keysOf } = dashboard
    backend.rosters.set('john', ANNA)
    await dashboard.refresh(['john'])
    const key = keysOf('john').roster(jidOf('john'))
    const { page } = await dashboard.open(`/users/${jidOf('john')}`)

    await page.getByRole('button', { name: 'Drop…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    expect(await redis.exists(key)).toBe(1)

    await page.getByRole('button', { name: 'Drop…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Drop', exact: true }).click()
    await page
      .getByText(`The roster of ${jidOf('john')} has been dropped`)
      .first()
      .waitFor()
    expect(await redis.exists(key)).toBe(0)
    expect(await redis.zscore(keysOf('john').names, jidOf('john'))).toBeNull()
    expect(await dashboard.audit()).toMatchObject([{ who: 'maria', action: 'drop-roster', what: jidOf('john') }])
    const drop = page.getByRole('button', { name: 'Drop…' })
    await expect.poll(() => drop.getAttribute('aria-disabled')).toBe('true')
  })

  test('whose contacts have names made of tags sees them as text', async () => {
    const dashboard = await dashboardOfTest(browser)
    const name = '<img src=x onerror="document.title=\'owned\'">'
    dashboard.backend.rosters.set('john', {
      'anna@example.org': { name, groups: ['<b>bold</b>'], subscription: 'both' },
    })
    await dashboard.refresh(['john'])
    const { page } = await dashboard.open(`/users/${jidOf('john')}`)
    for (const tab of [/Roster/, /Changes/]) {
      await page.getByRole('tab', { name: tab }).click()
      await page.getByText(name).first().waitFor()
      await page.getByText('<b>bold</b>').first().waitFor()
    }
    await page.goto(`${dashboard.rollcall.api.url}/ops/changes`)
    await page.getByText(name).first().waitFor()
    expect(await page.locator('img[src="x"]').count()).toBe(0)
    expect(await page.title()).not.toBe('owned')
  })
})
