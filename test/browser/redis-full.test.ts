import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { browserOfFile } from '../support/browser.ts'
import { dashboardOfTest, jidOf, untilShown } from '../support/dashboard.ts'
import { ownRedis } from '../support/processes.ts'

const browser = browserOfFile()

test('when Redis is full, who is on call logs in, is told so, looks at every view, and reads why nothing can be done', async () => {
  const { url: redisUrl } = await ownRedis()
  const dashboard = await dashboardOfTest(browser, { redisUrl, env: { JOB_ATTEMPTS: '1' } })
  dashboard.backend.set('mary', 500)
  await dashboard.refresh(['john', 'mary'])
  const redis = new Redis(redisUrl)
  onTestFinished(() => redis.disconnect())
  await redis.config('SET', 'maxmemory', '1mb')

  const { page, expects } = await dashboard.open('/', { as: null })
  expects(/401/, /503/)
  await page.getByLabel('Token').fill(dashboard.tokens.operate)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page
    .getByText(/Redis takes no writes: refreshes are refused/)
    .first()
    .waitFor()
  const views = page.getByRole('navigation', { name: 'Views' })
  for (const title of ['Users', 'Refreshes', 'Failures', 'Changes', 'Queues', 'Processes', 'Settings', 'Overview']) {
    await views.getByRole('link', { name: title }).click()
    await untilShown(page, title)
    expect(await page.getByText(/cannot be (read|shown)|Redis cannot do/).count(), title).toBe(0)
  }

  // What was last heard of the processes is forgotten after two minutes; that none is alive is not said for that.
  for (const id of await redis.zrange('rollcall:processes', '0', '-1')) await redis.del(`rollcall:process:${id}`)
  await page.getByText('not known', { exact: true }).nth(2).waitFor()
  expect(await page.getByText('none alive').count()).toBe(0)
  await views.getByRole('link', { name: 'Processes' }).click()
  await page.getByText(/takes no writes now: whether they run is not known/).waitFor()
  await page.goto(`${dashboard.rollcall.api.url}/ops/users/${jidOf('john')}`)
  await page.getByRole('button', { name: 'Refresh now' }).click()
  await page
    .getByText(/OOM command not allowed/)
    .first()
    .waitFor()

  await redis.config('SET', 'maxmemory', '0')
  await expect
    .poll(
      async () => {
        await page.getByRole('button', { name: 'Refresh now' }).click()
        return dashboard.audit()
      },
      { timeout: 60_000, interval: 500 },
    )
    .toMatchObject(expect.arrayContaining([expect.objectContaining({ action: 'refresh-user', result: 'done' })]))
})
