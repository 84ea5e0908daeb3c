import { mkdir, rm, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { bringChromium } from '../chromium.ts'
import { repositoryRoot } from '../repository.ts'
import { play } from './play.ts'
import { smallPngs } from './small-png.ts'
import { type Stage, startStage } from './stage.ts'
import { LOGIN, type PicturedView, picturedViews } from './views.ts'

const IMAGES = join(repositoryRoot, 'docs/images')
/** CSS pixels: a desk, and a phone. */
const SIZES = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
] as const
const SCHEMES = ['light', 'dark'] as const
/** What does not fit into it can be scrolled to: a list of hundreds is no picture. */
const MAX_HEIGHT = 1_800

interface Look {
  readonly size: (typeof SIZES)[number]
  readonly scheme: (typeof SCHEMES)[number]
}

async function main(): Promise<void> {
  const only = process.argv.slice(2)
  const { command, env } = await bringChromium({ onBringing: () => console.log("▸ bringing Debian's Chromium …") })
  const stage = await startStage()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stage.stop())
  const browser = await chromium.launch({ executablePath: command, env: { ...process.env, ...env } })
  try {
    console.log('▸ an ordinary day …')
    await play(stage)
    await takeAll(browser, stage, only)
  } finally {
    await browser.close()
    await stage.stop()
  }
}

async function takeAll(browser: Browser, stage: Stage, only: readonly string[]): Promise<void> {
  const wanted = ({ name }: PicturedView) => only.length === 0 || only.includes(name)
  const views = [{ name: LOGIN, path: '/' }, ...picturedViews(await runningRefresh(stage))].filter(wanted)
  const small = await smallPngs()
  if (only.length === 0) await rm(IMAGES, { recursive: true, force: true })
  await mkdir(IMAGES, { recursive: true })
  let bytes = 0
  for (const size of SIZES) {
    for (const scheme of SCHEMES) {
      const stranger = await contextOf(browser, stage, { size, scheme })
      const operator = await contextOf(browser, stage, { size, scheme })
      await logIn(operator, stage)
      for (const view of views) {
        const context = view.name === LOGIN ? stranger : operator
        const file = join(IMAGES, `${view.name}-${size.width}-${scheme}.png`)
        await take(context, view, size, file)
        await small(file)
        const { size: taken } = await stat(file)
        bytes += taken
        console.log(`✓ ${relative(repositoryRoot, file)}  ${Math.ceil(taken / 1024)} KB`)
      }
      await stranger.close()
      await operator.close()
    }
  }
  console.log(`${Math.ceil(bytes / 1024)} KB in all`)
}

const contextOf = (browser: Browser, { url }: Stage, { size, scheme }: Look): Promise<BrowserContext> =>
  browser.newContext({
    baseURL: url,
    viewport: size,
    colorScheme: scheme,
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
  })

async function logIn(context: BrowserContext, { tokens }: Stage): Promise<void> {
  const response = await context.request.post('/ops/api/session', { data: { token: tokens.operate } })
  if (!response.ok()) throw new Error(`The login was answered with ${response.status()}: ${await response.text()}`)
}

async function take(context: BrowserContext, { path }: PicturedView, size: Look['size'], file: string): Promise<void> {
  const page = await context.newPage()
  await page.goto(`/ops${path}`)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await untilLoaded(page)
  // As much as the page has, so that its menu and its end stand where they belong.
  const height = Number(await page.evaluate('document.documentElement.scrollHeight'))
  await page.setViewportSize({ ...size, height: Math.min(MAX_HEIGHT, Math.max(size.height, height)) })
  await untilLoaded(page)
  await page.screenshot({ path: file, animations: 'disabled' })
  await page.close()
}

/** The stream of the live numbers stays open, so "no request for a while" never comes: nothing may say that it is loaded still. */
async function untilLoaded(page: Page): Promise<void> {
  await page
    .getByText(/^Loading /)
    .first()
    .waitFor({ state: 'detached' })
  await page.evaluate('document.fonts.ready')
  await page.waitForTimeout(DRAWN_MS)
}

/** Charts are drawn in the next frames. */
const DRAWN_MS = 400

async function runningRefresh({ url, tokens }: Stage): Promise<string> {
  const headers = { authorization: `Bearer ${tokens.operate}` }
  const response = await fetch(`${url}/ops/api/refreshes?state=running`, { headers })
  if (!response.ok) throw new Error(`The list of refreshes was answered with ${response.status}`)
  const { refreshes } = (await response.json()) as { refreshes: { id: string }[] }
  const [first] = refreshes
  if (!first) throw new Error('No refresh is running')
  return first.id
}

await main()
