import { describe, expect, test } from 'vitest'
import { axe, browserOfFile } from '../support/browser.ts'
import { startReceiver } from '../support/http-receiver.ts'

const browser = browserOfFile()

describe('the browser of the tests', () => {
  test('opens a page under a strict policy, in which axe finds nothing', async () => {
    const { page } = await browser.open(await siteOf('<h1>Fine</h1>'))
    await page.getByRole('heading', { name: 'Fine' }).waitFor()
    expect(await axe(page)).toEqual([])
  })

  test('axe finds what cannot be read', async () => {
    const { page } = await browser.open(await siteOf('<h1>Fine</h1><img src="data:," >'))
    expect(await axe(page)).toMatchObject([{ rule: 'image-alt', impact: 'critical' }])
  })

  test.each([
    [
      'a script in the page, which the policy forbids',
      '<script>document.title = "run"</script>',
      /console: .*inline script/,
    ],
    ['a picture of another site', '<img alt="" src="http://127.0.0.1:1/x.png">', /another site: http:\/\/127.0.0.1:1/],
    ['an answer of 404', '<script src="/missing.js"></script>', /console: .*404/],
    ['an error of a script', '<script src="/broken.js"></script>', /page: Error: broken/],
    ['a connection that breaks', '<script src="/reset.js"></script>', /request: GET .*reset.js net::ERR/],
  ])('complains of %s', async (_, body, complaint) => {
    const { page, complaints, expects } = await browser.open(await siteOf(`<h1>Fine</h1>${body}`))
    expects(/./)
    await page.getByRole('heading', { name: 'Fine' }).waitFor()
    await expect.poll(() => complaints.join('\n')).toMatch(complaint)
  })
})

/** A site of one page and a few scripts. */
async function siteOf(body: string): Promise<string> {
  const receiver = await startReceiver()
  const html = `<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="data:,"><main>${body}</main></html>`
  receiver.answer(({ url }) => {
    if (url === '/') return { kind: 'raw', headers: STRICT, body: html }
    if (url === '/broken.js') return { kind: 'raw', headers: SCRIPT, body: 'throw new Error("broken")' }
    return url === '/reset.js' ? { kind: 'reset' } : 404
  })
  return receiver.url
}

const STRICT = { 'content-type': 'text/html', 'content-security-policy': "default-src 'self'; img-src * data:" }
const SCRIPT = { 'content-type': 'text/javascript' }
