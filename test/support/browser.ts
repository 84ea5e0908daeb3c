import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { findChromium } from '../../tools/src/index.ts'

export interface OpenOptions extends Pick<BrowserContextOptions, 'viewport' | 'colorScheme'> {
  /** Complaints that belong to the test: a 401 of a wrong token, say. */
  readonly expected?: readonly RegExp[]
  /** Done before the page is gone to: a login, say. */
  readonly before?: (context: BrowserContext) => Promise<unknown>
}

/** Somebody with a browser of their own: cookies, storage, tabs. */
export interface Visitor {
  readonly page: Page
  readonly context: BrowserContext
  /** All so far. */
  readonly complaints: readonly string[]
  /** Further complaints that belong to the test, also of before. */
  expects(...complaints: readonly RegExp[]): void
}

/** Of whoever sits at a desk, and of whoever is called at night. */
export const DESK = { width: 1280, height: 800 }
export const PHONE = { width: 390, height: 844 }

/** No click, no element is waited for any longer: what failed counts for 15 s in how a backend is, and a view at rest looks every 10 s. */
const WAIT_MS = 30_000

export interface BrowserOfFile {
  open(url: string, options?: OpenOptions): Promise<Visitor>
}

/**
 * One Chromium for the test file. `open` is for a test: what its browser had to complain of when it ends fails it, be it
 * an error in the console (a violation of the policy is one, and an answer of 400 or more), an error of the page, a
 * request that failed, or one to another site.
 */
export function browserOfFile(): BrowserOfFile {
  let browser: Browser | undefined
  beforeAll(async () => {
    const { command, env } = await findChromium()
    browser = await chromium.launch({ executablePath: command, env: { ...process.env, ...env } })
  }, BRINGING_MS)
  afterAll(() => browser?.close())
  return {
    async open(url, { expected = [], before, viewport = DESK, colorScheme = 'light' } = {}) {
      if (!browser) throw new Error('The browser has not been started yet: open one in a test')
      const context = await browser.newContext({ viewport, colorScheme, baseURL: url, reducedMotion: 'reduce' })
      context.setDefaultTimeout(WAIT_MS)
      const forgiven = [...expected]
      const complaints = complaintsOf(context, new URL(url).origin)
      onTestFinished(async () => {
        await context.close()
        const unexpected = complaints.filter((complaint) => !forgiven.some((each) => each.test(complaint)))
        expect(unexpected, 'what the browser complained of').toEqual([])
      })
      await before?.(context)
      const page = await context.newPage()
      await page.goto(url)
      return { page, context, complaints, expects: (...more) => void forgiven.push(...more) }
    },
  }
}

/** Bringing Debian's packages takes long the first time. */
const BRINGING_MS = 120_000

function complaintsOf(context: BrowserContext, origin: string): readonly string[] {
  const complaints: string[] = []
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()} (${message.location().url})`)
  })
  context.on('weberror', (error) => complaints.push(`page: ${error.error().stack ?? error.error().message}`))
  context.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? ''
    // The page itself has given it up: it was left, or has what it wanted by another.
    if (why !== 'net::ERR_ABORTED') complaints.push(`request: ${request.method()} ${request.url()} ${why}`)
  })
  context.on('request', (request) => {
    const { protocol, origin: of } = new URL(request.url())
    if (protocol.startsWith('http') && of !== origin) complaints.push(`another site: ${request.url()}`)
  })
  return complaints
}

/** A violation that axe-core found, for people. */
export interface AxeViolation {
  readonly rule: string
  readonly impact: string
  readonly help: string
  readonly elements: readonly string[]
}

/** What axe-core finds serious or critical in the page as it is now, by WCAG 2.2 AA and its own best practices. */
export async function axe(page: Page): Promise<readonly AxeViolation[]> {
  await page.evaluate(ENDED) // colours that are on their way from one to the other cannot be read
  // The debugger evaluates it, which no policy of the page forbids: the page is looked at with its own policy.
  await page.evaluate(AXE)
  const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as AxeResults
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, help, nodes }) => ({
      rule: id,
      impact: String(impact),
      help,
      elements: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary ?? ''}`),
    }))
}

/** `axe`, light and dark, at a desk and on a phone. */
export async function axeInAllLooks(page: Page): Promise<readonly (AxeViolation & { readonly look: string })[]> {
  const before = page.viewportSize()
  const found: (AxeViolation & { readonly look: string })[] = []
  for (const viewport of [DESK, PHONE])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      found.push(...(await axe(page)).map((each) => ({ look: `${colorScheme}, ${viewport.width} px`, ...each })))
    }
  await page.emulateMedia({ colorScheme: 'light' })
  if (before) await page.setViewportSize(before)
  return found
}

const ENDED = `for (const animation of document.getAnimations())
  if (animation.effect.getComputedTiming().endTime !== Infinity) animation.finish()`

interface AxeResults {
  readonly violations: readonly {
    readonly id: string
    readonly impact?: string | null
    readonly help: string
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
  }[]
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
