import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { axeInAllLooks, browserOfFile, PHONE } from '../support/browser.ts'
import { type Dashboard, jidOf, startDashboard, untilShown } from '../support/dashboard.ts'

// What opens over a view: each is opened and closed by keys, gives the focus back, and is for everybody.

const browser = browserOfFile()
let dashboard: Dashboard

/** One user fails, and one is waited for all the time. */
beforeAll(async () => {
  dashboard = await startDashboard(browser, {
    env: { JOB_ATTEMPTS: '1', REFRESH_DEADLINE_MS: '1000', BACKEND_TIMEOUT_MS: '3600000' },
  })
  dashboard.backend.set('mary', 500)
  dashboard.backend.set('slow', { kind: 'hang' })
  await dashboard.refresh(['john', 'mary'])
  await dashboard.refresh(['slow'])
})
afterAll(() => dashboard.stop())

interface Opened {
  readonly path: string
  readonly title: string
  readonly opener: RegExp | string
  readonly opened: RegExp | string
  /** Before it is looked at: what it says of wrong values, say. */
  readonly fill?: (dialog: Locator) => Promise<unknown>
}

const OPENED: Readonly<Record<string, Opened>> = {
  'retry all failures': { path: '/failures', title: 'Failures', opener: /^Retry all/, opened: /^Retry 1 user/ },
  'dismiss a group of failures': {
    path: '/failures',
    title: 'Failures',
    opener: /^Dismiss users/,
    opened: /^Dismiss 1 user/,
  },
  'drop a roster': {
    path: `/users/${jidOf('john')}`,
    title: jidOf('john'),
    opener: 'Drop…',
    opened: /^Drop the roster/,
  },
  'pause a queue': {
    path: '/queues',
    title: 'Queues',
    opener: 'Pause the queue of shard 0',
    opened: 'Pause the queue of shard 0?',
  },
  'limit the queues': {
    path: '/queues',
    title: 'Queues',
    opener: 'Limit all…',
    opened: 'Limits of all queues',
    fill: async (dialog) => {
      await dialog.getByLabel('Jobs at a time').fill('many')
      await dialog.getByRole('alert').waitFor()
    },
  },
  'make a token': {
    path: '/settings?tab=tokens',
    title: 'Settings',
    opener: 'Make a token',
    opened: 'Make a token',
    fill: async (dialog) => {
      await dialog.getByRole('button', { name: 'Make', exact: true }).click()
      await dialog.getByRole('alert').waitFor()
    },
  },
  help: { path: '/', title: 'Overview', opener: /^Help and keys/, opened: 'Help and keys' },
}

test.each(Object.entries(OPENED))('to %s is asked in a dialog', async (_, { path, title, opener, opened, fill }) => {
  const { page } = await dashboard.open(path)
  await untilShown(page, title)
  const button = page.getByRole('button', { name: opener }).first()
  await button.focus()
  await page.keyboard.press('Enter')
  await lookAtDialog(page, opened, fill)
  await button.and(page.locator(':focus')).waitFor()
})

test('a refresh is cancelled in a dialog', async () => {
  const { page } = await dashboard.open('/refreshes?state=running')
  await untilShown(page, 'Refreshes')
  await page.getByRole('table', { name: 'Refreshes' }).getByRole('link').first().click()
  const button = page.getByRole('button', { name: 'Cancel…' })
  await button.focus()
  await page.keyboard.press('Enter')
  await lookAtDialog(page, /^Cancel the refresh of/)
  await button.and(page.locator(':focus')).waitFor()
})

test('a token is made, shown and revoked in dialogs, all by keys', async () => {
  const { page } = await dashboard.open('/settings?tab=tokens')
  await untilShown(page, 'Settings')
  const make = page.getByRole('button', { name: 'Make a token' })
  await make.focus()
  await page.keyboard.press('Enter')
  const name = page.getByRole('dialog', { name: 'Make a token' }).getByLabel('Name', { exact: true })
  await name.and(page.locator(':focus')).waitFor()
  await page.keyboard.type('prosody')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Space')
  await page.keyboard.press('Enter')
  await lookAtDialog(page, '“prosody” is made')
  await make.and(page.locator(':focus')).waitFor()

  const revoke = page.getByRole('button', { name: 'Revoke prosody' })
  await revoke.focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Revoke “prosody”?' })
  await dialog.waitFor()
  expect(await axeInAllLooks(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Revoke', exact: true }).focus()
  await page.keyboard.press('Enter')
  await revoke.waitFor({ state: 'detached' })
  // Its row is gone: one goes on at the row in its place.
  await expect.poll(() => focusedText(page)).toMatch(/^Revoke/)
})

test('a job is looked at in a dialog', async () => {
  const { page } = await dashboard.open('/queues?shard=0&state=failed')
  await untilShown(page, 'Queues')
  const link = page.getByRole('table', { name: 'Jobs' }).locator('code').first()
  await link.click()
  await lookAtDialog(page, /^Job /)
})

test.each([
  ['how Rollcall is', /^(Well|Degraded)/],
  ['who is logged in', /^Logged in: maria/],
])('%s opens by keys, and closes again', async (_, name) => {
  const { page } = await dashboard.open('/')
  await untilShown(page, 'Overview')
  const button = page.getByRole('button', { name })
  await button.focus()
  await page.keyboard.press('Enter')
  await lookAtDialog(page, undefined)
  await button.and(page.locator(':focus')).waitFor()
})

test('on a phone, the other views and the help are behind More', async () => {
  const { page } = await dashboard.open('/queues', { viewport: PHONE })
  await untilShown(page, 'Queues')
  const more = page.getByRole('button', { name: 'More' })
  expect(await more.getAttribute('aria-current'), 'the view is one of them').toBe('true')
  await more.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'More views' }).getByRole('button', { name: /^Help/ }).click()
  await page.getByRole('dialog', { name: 'Help and keys' }).waitFor()
  await page.keyboard.press('Escape')
  await more.and(page.locator(':focus')).waitFor()
})

/** The focus is in it, axe finds nothing, and Escape closes it. */
async function lookAtDialog(page: Page, name: RegExp | string | undefined, fill?: Opened['fill']): Promise<void> {
  const dialog = page.getByRole('dialog', name === undefined ? {} : { name })
  await dialog.waitFor()
  await dialog.and(page.locator(':focus-within')).waitFor()
  await fill?.(dialog)
  expect(await axeInAllLooks(page)).toEqual([])
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
}

const focusedText = (page: Page): Promise<unknown> => page.evaluate('document.activeElement.textContent')
