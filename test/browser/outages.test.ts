import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../tools/src/index.ts'
import { startBackend } from '../support/backend.ts'
import { browserOfFile } from '../support/browser.ts'
import { dashboardOfTest } from '../support/dashboard.ts'
import { type AppProcess, ownRedis, spawnApi, spawnWorker, temporaryDirectory } from '../support/processes.ts'

const browser = browserOfFile()

/** Within that, the Overview says what is wrong. */
const SAID_WITHIN_MS = 15_000
/** What failed counts for 15 s, and what was away is tried again within as long: it gets well after that. */
const WELL_WITHIN_MS = 60_000

describe('the Overview says in words, within 15 s, and gets well by itself, when somebody kills', {
  timeout: 180_000,
}, () => {
  test('every worker', async ({ annotate }) => {
    const { page, workers, startWorker } = await surroundings()
    await kill(...workers)
    await annotate(await saidAfter(page, /No worker is alive/))
    await Promise.all([startWorker(), startWorker()])
    await annotate(await saidAfter(page, WELL, WELL_WITHIN_MS))
  })

  test('one worker of two', async ({ annotate }) => {
    const { page, workers, startWorker } = await surroundings()
    const [, worker] = workers
    await kill(worker)
    await annotate(await saidAfter(page, new RegExp(`pid ${worker.pid} .* was last heard of`)))
    await startWorker()
    await annotate(await saidAfter(page, WELL, WELL_WITHIN_MS))
  })

  test('the backend', async ({ annotate }) => {
    const { page, backend } = await surroundings()
    await backend.stop()
    await annotate(await saidAfter(page, /The backend of example\.org does not work/))
    await backend.start()
    await annotate(await saidAfter(page, WELL, WELL_WITHIN_MS))
  })

  test('Redis', async ({ annotate }) => {
    const { page, redis } = await surroundings()
    await kill(redis.child)
    await annotate(await saidAfter(page, /Redis cannot be read/))
    await page.getByText('Rollcall does not work.').first().waitFor()
    for (const title of ['Users', 'Refreshes', 'Failures', 'Changes', 'Queues', 'Processes', 'Settings', 'Overview']) {
      await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: title }).click()
      await page.getByRole('heading', { level: 1, name: title }).waitFor() // it goes on, and is never white
    }
    await ownRedis({ directory: redis.directory, port: redis.port })
    await annotate(await saidAfter(page, WELL, WELL_WITHIN_MS))
  })

  test('the api', async ({ annotate }) => {
    const { page, api, startApi, expects } = await surroundings()
    expects(/Unable to preload CSS/) // of a view that was not looked at before
    await kill(api)
    await annotate(await saidAfter(page, /Reconnecting/))
    await page.getByRole('link', { name: 'Failures' }).first().click()
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.getByRole('link', { name: 'Overview' }).first().click()
    await startApi()
    await annotate(await saidAfter(page, /^Live$/, WELL_WITHIN_MS))
    await annotate(await saidAfter(page, WELL, WELL_WITHIN_MS))
  })
})

test('who comes when Redis is away is shown no numbers that nobody has read', async () => {
  const redis = await ownRedis()
  const dashboard = await dashboardOfTest(browser, { redisUrl: redis.url })
  dashboard.redis.on('error', () => {})
  await redis.stop()
  const { page } = await dashboard.open('/', { expected: [/503/] })
  await page.getByText(/what it keeps is not known/).waitFor()
  expect(await page.getByText(/Stored users|none alive/).count()).toBe(0)
})

const WELL = 'Rollcall is well.'

/** All in processes of their own, a Redis too; refreshes come all the time; the Overview is open. */
async function surroundings() {
  const backend = await startBackend()
  onTestFinished(backend.close)
  const directory = await temporaryDirectory()
  const { port, url, child } = await ownRedis({ directory })
  const env = {
    REDIS_URL: url,
    HTTP_ROSTER_URL: backend.template,
    XMPP_DOMAIN: 'example.org',
    PORT: String(await freePort()),
  }
  const startApi = () => spawnApi(env)
  const startWorker = () => spawnWorker(env)
  const api = await startApi()
  // One after the other: the second one has begun last, so nobody can be taken for who came in its place.
  const workers = [await startWorker(), await startWorker()] as const
  keepRefreshing(api.url)

  const { page, expects } = await browser.open(`${api.url}/ops/`)
  expects(/50\d|ERR_|Failed to fetch/)
  await page.getByText(WELL).waitFor()
  return { page, backend, api, startApi, workers, startWorker, expects, redis: { port, child, directory } }
}

/** As applications do, come what may. */
function keepRefreshing(url: string): void {
  const ending = new AbortController()
  onTestFinished(() => ending.abort())
  const usernames = JSON.stringify(Array.from({ length: 30 }, (_, i) => `user-${i}`))
  const again = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const request = fetch(`${url}/roster_admin/refresh`, { method: 'POST', body: usernames, signal: ending.signal })
      const answered = await request.then((answer) => answer.text()).catch(() => null)
      // What is away refuses at once.
      if (answered === null) await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }
  void again()
}

async function kill(...processes: readonly Pick<AppProcess, 'kill' | 'exited'>[]): Promise<void> {
  for (const one of processes) one.kill('SIGKILL')
  await Promise.all(processes.map(({ exited }) => exited))
}

async function saidAfter(page: Page, words: RegExp | string, withinMs = SAID_WITHIN_MS): Promise<string> {
  const started = performance.now()
  await page
    .getByText(words)
    .first()
    .waitFor({ timeout: withinMs })
    .catch(async (cause: unknown) => {
      throw new Error(`It says: ${await page.getByRole('main').textContent()}`, { cause })
    })
  return `“${words}” after ${((performance.now() - started) / 1_000).toFixed(1)} s`
}
