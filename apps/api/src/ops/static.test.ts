import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { send } from '../../../../test/support/http.ts'
import { opsHeaders } from './headers.ts'
import { dashboardFiles } from './static.ts'

const SCRIPT = `export const words = ${JSON.stringify('roster '.repeat(1000))}`
const INDEX = '<!doctype html><script type="module" src="/ops/assets/index-BX3f.js"></script>'

let root: string
let directory: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rollcall-static-'))
  directory = join(root, 'dist')
  onTestFinished(() => rm(root, { recursive: true, force: true }))
})

async function build(): Promise<void> {
  await mkdir(join(directory, 'assets'), { recursive: true })
  await writeFile(join(directory, 'index.html'), INDEX)
  await writeFile(join(directory, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  await writeFile(join(directory, 'assets', 'index-BX3f.js'), SCRIPT)
  await writeFile(join(root, 'secret.txt'), 'outside')
}

async function serve(where: string | null = directory) {
  const app = express().set('trust proxy', 'loopback').disable('x-powered-by')
  app.use('/ops', opsHeaders, dashboardFiles(where))
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return (path: string, headers: Record<string, string> = {}, method = 'GET') => send(url + path, { method, headers })
}

describe('the built dashboard', () => {
  test('is at /ops/, whatever view the path names', async () => {
    await build()
    const get = await serve()
    for (const path of ['/ops/', '/ops/users', '/ops/users/john@example.org', '/ops/refreshes?state=running']) {
      const answer = await get(path)
      expect(answer).toMatchObject({ status: 200, text: INDEX })
      expect(answer.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' })
    }
    expect(await get('/ops')).toMatchObject({ status: 301, headers: { location: '/ops/' } })
  })

  test('has files that may be kept for ever, whose names change with them', async () => {
    await build()
    const get = await serve()
    const { status, headers, text } = await get('/ops/assets/index-BX3f.js')
    expect({ status, text }).toEqual({ status: 200, text: SCRIPT })
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    })
    expect((await get('/ops/icon.svg')).headers).toMatchObject({
      'content-type': 'image/svg+xml',
      'cache-control': 'no-cache',
    })
    expect((await get('/ops/assets/index-OLD.js')).status).toBe(404)
  })

  test('comes compressed to who takes that, and not again to who has it', async () => {
    await build()
    const get = await serve()
    const path = '/ops/assets/index-BX3f.js'
    const { headers } = await get(path, { 'accept-encoding': 'br, gzip' }, 'HEAD')
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' })
    expect(Number(headers['content-length'])).toBeLessThan(SCRIPT.length / 10)
    const response = await get(path, { 'accept-encoding': 'identity' })
    expect(response.headers['content-encoding']).toBeUndefined()
    expect(response.headers.etag).not.toBe(headers.etag)
    const again = await get(path, { 'accept-encoding': 'gzip', 'if-none-match': String(headers.etag) })
    expect(again).toMatchObject({ status: 304, text: '' })
  })

  test('gives no file from outside of it', async () => {
    await build()
    const get = await serve()
    for (const path of [
      '/ops/../secret.txt',
      '/ops/..%2fsecret.txt',
      '/ops/assets/../../secret.txt',
      '/ops/%2e%2e/secret.txt',
      '/ops/assets/..%5c..%5csecret.txt',
      `/ops/${root}/secret.txt`,
    ])
      expect((await get(path)).text).not.toContain('outside')
  })

  test('that is not there says how it is built, and is there as soon as it is', async () => {
    const get = await serve()
    expect(await get('/ops/')).toMatchObject({ status: 404, text: expect.stringContaining('npm run build') })
    await build()
    expect(await get('/ops/')).toMatchObject({ status: 200, text: INDEX })
    expect((await (await serve(null))('/ops/')).status).toBe(404)
  })
})

test('browsers are told to load nothing from elsewhere, to run nothing inline, and to show it in no other page', async () => {
  await build()
  const get = await serve()
  const { headers } = await get('/ops/')
  expect(headers).toMatchObject({
    'content-security-policy':
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';font-src 'self';base-uri 'none';form-action 'self';frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'x-frame-options': 'DENY',
  })
  expect(headers['strict-transport-security']).toBeUndefined()
  const overTls = await get('/ops/', { 'x-forwarded-proto': 'https' })
  expect(overTls.headers['strict-transport-security']).toBe('max-age=31536000')
})

test('compressed is the same as plain', async () => {
  await build()
  const app = express().use('/ops', dashboardFiles(directory))
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const raw = await fetch(`http://127.0.0.1:${port}/ops/assets/index-BX3f.js`, {
    headers: { 'accept-encoding': 'gzip' },
  })
  expect(await raw.text()).toBe(SCRIPT)
})
