import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { browserOfFile } from '../support/browser.ts'
import { type Dashboard, dashboardOfTest, jidOf, untilShown } from '../support/dashboard.ts'

const browser = browserOfFile()

/** As BullMQ sees it. */
function queueOf(dashboard: Dashboard, shard: number): Queue {
  const connection = new Redis(dashboard.rollcall.redisUrl)
  const queue = new Queue('refresh', { connection, prefix: `rollcall:{${shard}}` })
  onTestFinished(async () => {
    await queue.close()
    connection.disconnect()
  })
  return queue
}

test('a queue is paused, so that refreshes wait, and resumed, so that they are done', async () => {
  const dashboard = await dashboardOfTest(browser, { env: { REFRESH_DEADLINE_MS: '1000' } })
  const queue = queueOf(dashboard, 0)
  const { page } = await dashboard.open('/queues')
  await untilShown(page, 'Queues')
  await page.getByRole('button', { name: 'Pause the queue of shard 0' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Pause', exact: true }).click()
  await page.getByRole('button', { name: 'Resume the queue of shard 0' }).waitFor()
  expect(await queue.isPaused()).toBe(true)
  expect(await dashboard.refresh(['john'])).toMatchObject({ updated: 0, pending: 1 })
  expect(dashboard.backend.requests).toEqual([])

  await page.getByRole('button', { name: 'Resume the queue of shard 0' }).click()
  await page.getByRole('button', { name: 'Pause the queue of shard 0' }).waitFor()
  expect(await queue.isPaused()).toBe(false)
  await dashboard.backend.arrived('john')
  expect(await dashboard.audit()).toMatchObject([
    { who: 'maria', action: 'resume-queue' },
    { who: 'maria', action: 'pause-queue' },
  ])
})

test('the queues are limited, all at once, and these limits are taken away again', async () => {
  const dashboard = await dashboardOfTest(browser, { env: { SHARDS: '2' } })
  const queues = [queueOf(dashboard, 0), queueOf(dashboard, 1)]
  const limits = () =>
    Promise.all(queues.map(async (queue) => [await queue.getGlobalConcurrency(), await queue.getGlobalRateLimit()]))
  const { page } = await dashboard.open('/queues')
  await page.getByRole('button', { name: 'Limit all…' }).click()
  await page.getByLabel('Jobs at a time').fill('7')
  await page.getByLabel('Jobs in a period').fill('100')
  await page.getByLabel('Period, in seconds').fill('2')
  await page.getByRole('button', { name: 'Set', exact: true }).click()
  await expect.poll(() => page.getByText('7 at a time, 100 in 2 s').count()).toBe(2)
  expect(await limits()).toEqual([
    [7, { max: 100, duration: 2_000 }],
    [7, { max: 100, duration: 2_000 }],
  ])

  await page.getByRole('button', { name: 'Limit all…' }).click()
  await page.getByLabel('Jobs at a time').fill('none')
  const set = page.getByRole('button', { name: 'Set', exact: true })
  expect(await set.getAttribute('aria-disabled'), 'of what cannot be used').toBe('true')
  for (const label of ['Jobs at a time', 'Jobs in a period', 'Period, in seconds'])
    await page.getByLabel(label).fill('')
  await set.click()
  await expect.poll(() => page.getByText(/at a time/).count()).toBe(0)
  expect(await limits()).toEqual([
    [null, null],
    [null, null],
  ])
})

test('the jobs of a shard are listed, and each can be looked at as BullMQ keeps it', async () => {
  const dashboard = await dashboardOfTest(browser, { workers: 0, env: { REFRESH_DEADLINE_MS: '500' } })
  await dashboard.refresh(['john', 'aaron'])
  const { page } = await dashboard.open('/queues?shard=0')
  await page
    .getByRole('table', { name: 'Jobs' })
    .getByRole('link', { name: jidOf('john') })
    .waitFor()
  await page
    .getByRole('table', { name: 'Jobs' })
    .getByRole('row')
    .filter({ hasText: jidOf('john') })
    .getByRole('link')
    .nth(1)
    .click()
  await page.getByRole('dialog').getByText(jidOf('john')).first().waitFor()
  expect(new URL(page.url()).searchParams.get('job')).toMatch(/./)
})
