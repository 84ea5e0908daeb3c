import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { axeInAllLooks, browserOfFile } from '../support/browser.ts'
import { type Dashboard, jidOf, startDashboard, untilShown, type Who } from '../support/dashboard.ts'

// What there is to see when something is missing, wrong, or under way: each is for everybody.

const browser = browserOfFile()
let dashboard: Dashboard

beforeAll(async () => {
  dashboard = await startDashboard(browser, { env: { JOB_ATTEMPTS: '1' } })
  dashboard.backend.set('mary', 500)
  await dashboard.refresh(['john', 'mary'])
})
afterAll(() => dashboard.stop())

interface State {
  readonly path: string
  readonly as?: Who
  /** Until it is there. */
  readonly untilThere: (page: Page) => Promise<unknown>
  /** Requests that are answered like that: `never`, or with an error of the api. */
  readonly answered?: readonly [url: string, how: 'never' | 'broken']
}

const text = (words: string | RegExp) => (page: Page) => page.getByText(words).first().waitFor()

const STATES: Readonly<Record<string, State>> = {
  'the login': { path: '/', as: null, untilThere: (page) => page.getByLabel('Token').waitFor() },
  'a login that is refused': {
    path: '/',
    as: null,
    async untilThere(page) {
      await page.getByLabel('Token').fill('not-a-token')
      await page.keyboard.press('Enter')
      await page.getByRole('alert').waitFor()
    },
  },
  'a list that is being loaded': {
    path: '/failures',
    answered: ['**/ops/api/failures*', 'never'],
    untilThere: text('Loading failures'),
  },
  'an Overview of which nothing is known yet': {
    path: '/',
    answered: ['**/ops/api/{live,history}*', 'never'],
    untilThere: text('Loading how Rollcall is'),
  },
  'a list that cannot be read': {
    path: '/refreshes',
    answered: ['**/ops/api/refreshes*', 'broken'],
    untilThere: text('The refreshes cannot be listed'),
  },
  'an api that does not answer any more': {
    path: '/',
    answered: ['**/ops/api/live', 'broken'],
    untilThere: text('The api does not answer.'),
  },
  'a list that is empty': { path: '/users?prefix=zzz', untilThere: text(/No stored user’s name begins with/) },
  'nobody like that': { path: '/failures?code=roster-invalid', untilThere: text('Nobody has failed like that') },
  'a refresh that is not known': { path: '/refreshes/no-such', untilThere: text('This refresh is not known') },
  'an address without a view': { path: '/nowhere', untilThere: text('Not found') },
  'a configuration that cannot be read': {
    path: '/settings',
    answered: ['**/ops/api/settings', 'broken'],
    untilThere: text('The configuration cannot be read'),
  },
  'what came of a refresh and of a comparison': {
    path: `/users/${jidOf('mary')}`,
    async untilThere(page) {
      await page.getByRole('button', { name: 'Refresh now' }).click()
      await page.getByText(/The refresh failed/).waitFor()
      await page.getByRole('button', { name: 'Compare with backend' }).click()
      await page.getByText(/and that failed after/).waitFor()
    },
  },
  'why something cannot be done, when it is tried': {
    path: `/users/${jidOf('john')}`,
    as: 'view',
    async untilThere(page) {
      const drop = page.getByRole('button', { name: 'Drop…' })
      await drop.click({ force: true })
      await page
        .getByRole('status')
        .filter({ hasText: /may look and not act/ })
        .first()
        .waitFor()
      await drop.focus()
      await page.getByRole('tooltip').waitFor()
    },
  },
  'a name that is looked for': {
    path: '/',
    async untilThere(page) {
      await untilShown(page, 'Overview')
      await page.keyboard.press('/')
      await page.keyboard.type('jo')
      await page.getByRole('searchbox').and(page.locator(':focus')).waitFor()
    },
  },
}

test.each(Object.entries(STATES))('axe finds nothing in %s', async (_, { path, as, answered, untilThere }) => {
  const { page } = await dashboard.open('/', {
    ...(as === undefined ? {} : { as }),
    expected: answered ? [/./] : [/40[134]/],
    before: async (context) => {
      if (!answered) return
      const [url, how] = answered
      const error = { status: 400, json: { error: 'That cannot be read' } }
      await context.route(url, (route) => (how === 'never' ? undefined : route.fulfill(error)))
    },
  })
  if (path !== '/') await page.goto(`${dashboard.rollcall.api.url}/ops${path}`)
  await untilThere(page)
  expect(await axeInAllLooks(page)).toEqual([])
})
