import { expect, test } from 'vitest'
import { browserOfFile } from '../support/browser.ts'
import { type Dashboard, dashboardOfTest, jidOf, untilShown } from '../support/dashboard.ts'
import { startHangingServer } from '../support/hanging-server.ts'
import { startReceiver } from '../support/http-receiver.ts'

const browser = browserOfFile()

const SECRET = `whsec_${Buffer.alloc(24).toString('base64')}`
const hook = (url: string, more: object = {}) => ({ type: 'webhook', url, secret: SECRET, ...more })

/** `1.2 s behind`, `1 min 3 s behind`; not yet `850 ms behind`, and not `0 ms behind`. */
const BEHIND = /^([\d.]+ s|\d+ min( \d+ s)?) behind$/

/** Of a target, on the Overview. */
const cardOf = async ({ open }: Dashboard) => {
  const { page } = await open('/')
  await untilShown(page, 'Overview')
  const region = page.getByRole('region', { name: 'Targets' })
  return (target: string) => region.getByRole('listitem').filter({ hasText: target })
}

test('what keeps each target from being told is said on the Overview, and on the page of a user who waits for it', async () => {
  const [refusing, hanging, picky] = [await startReceiver(), await startHangingServer(), await startReceiver()]
  refusing.answer(401)
  picky.answer(({ body }) => (body.includes('"bad"') ? 422 : 204))
  const targets = {
    down: hook('http://127.0.0.1:1/'),
    nowhere: hook('http://rollcall.invalid/'),
    secret: hook(refusing.url),
    hangs: hook(hanging.url, { timeoutMs: 1_000 }),
    picky: hook(picky.url, { backoffMs: 50, maxBackoffMs: 100 }),
  }
  const dashboard = await dashboardOfTest(browser, { env: { TARGETS: JSON.stringify(targets) } })
  await dashboard.rollcall.startGateway()
  await dashboard.refresh(['john', 'bad'])

  const card = await cardOf(dashboard)
  const said: readonly [string, string, RegExp][] = [
    ['down', 'Unavailable', /target-unreachable: No answer of http:\/\/127.0.0.1:1 \(ECONNREFUSED: nothing listens/],
    ['nowhere', 'Unavailable', /target-unreachable: No answer of http:\/\/rollcall.invalid \((ENOTFOUND|EAI_AGAIN): /],
    ['secret', 'Unavailable', /target-unauthorised: It answered 401: it wants other credentials/],
    ['hangs', 'Unavailable', /target-timeout: The time was up while waiting for an answer of http:\/\/127.0.0.1/],
    ['picky', 'Follows, not for all', /Does not take bad@example.org: target-refused: It answered 422/],
  ]
  for (const [target, word, why] of said) {
    await card(target).getByText(word, { exact: true }).waitFor()
    await card(target).getByText(why).waitFor()
  }
  await card('down').getByText('2 changes wait').waitFor()
  await card('down').getByText(BEHIND).waitFor()
  await card('picky').getByText('1 user owed').waitFor()

  const { page } = await dashboard.open(`/users/${jidOf('john')}?tab=deliveries`)
  const row = (target: string) => page.getByRole('row').filter({ hasText: target })
  for (const [target, , why] of said.slice(0, 4)) {
    await row(target).getByText('waits: the target takes nothing').waitFor()
    await row(target).getByText(why).waitFor()
  }
  await row('picky').getByText('arrived', { exact: true }).waitFor()
  await page.goto(page.url().replace('john', 'bad'))
  await row('picky').getByText('owed, is tried again').waitFor()
})

test('a target that no gateway serves is said to be, how far it is behind, and that whoever changed waits for it', async () => {
  const receiver = await startReceiver()
  const dashboard = await dashboardOfTest(browser, { env: { TARGETS: JSON.stringify({ crm: hook(receiver.url) }) } })
  const gateway = await dashboard.rollcall.startGateway()
  await dashboard.refresh(['john'])
  await expect.poll(() => receiver.requests.length).toBeGreaterThan(0)
  await gateway.stop()
  dashboard.backend.rosters.set('john', { 'anna@example.org': {} })
  await dashboard.refresh(['john'])

  const card = await cardOf(dashboard)
  await card('crm').getByText('No gateway', { exact: true }).waitFor()
  await card('crm').getByText('No gateway that lives serves it: start one.').waitFor()
  await card('crm').getByText(BEHIND).waitFor()
  const { page } = await dashboard.open(`/users/${jidOf('john')}?tab=deliveries`)
  await page.getByText('waits: no gateway tells it').waitFor()

  await dashboard.rollcall.startGateway()
  await card('crm').getByText('Follows', { exact: true }).waitFor()
  await page.getByText('arrived', { exact: true }).waitFor()
})

test('a target that is told nothing any more says so, and what to do', async () => {
  const receiver = await startReceiver()
  receiver.answer(410)
  const dashboard = await dashboardOfTest(browser, { env: { TARGETS: JSON.stringify({ crm: hook(receiver.url) }) } })
  await dashboard.rollcall.startGateway()
  await dashboard.refresh(['john'])
  const card = await cardOf(dashboard)
  await card('crm').getByText('Disabled', { exact: true }).waitFor()
  await card('crm').getByText('npm run targets -- enable crm').waitFor()
  const { page } = await dashboard.open(`/users/${jidOf('john')}?tab=deliveries`)
  await page.getByText('waits: the target is disabled').waitFor()
})
