import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeToken } from '@rollcall/runtime'
import { describe, expect, test } from 'vitest'
import { freePort, isPortFree, repositoryRoot } from '../../tools/src/index.ts'
import { startReceiver } from '../support/http-receiver.ts'
import { type AppProcess, isRunning, spawnNode, temporaryDirectory } from '../support/processes.ts'

const START = join(repositoryRoot, 'tools/start.mjs')
/** How much longer than on a machine at rest everything may take. */
const BUSY = 10

describe('npm start', () => {
  test('starts, does what it prints, survives its parts, ends with nothing left, and starts again', {
    timeout: 400_000,
  }, async ({ annotate }) => {
    const data = await temporaryDirectory()
    const first = await start(data)
    await annotate(`first start: ${first.seconds} s`)

    const [refresh, read] = first.curls
    expect(await curl(refresh)).toMatchObject({ status: 200, body: { status: 'ok', updated: 2, errors: 0 } })
    expect(Object.keys((await curl(read)).body).length).toBeGreaterThan(0)

    const stranger = await somebodyUnknownTo('john', first)
    const befriended = performance.now()
    const answer = await ask(`${first.exampleUrl}/friendships`, JSON.stringify({ a: 'john', b: stranger }))
    expect(answer).toMatchObject({ status: 200, body: { rollcall: { told: true } } })
    expect(Object.keys((await first.contactsOf('john')).body)).toContain(`${stranger}@localhost`)
    expect(Object.keys((await first.contactsOf(stranger)).body)).toContain('john@localhost')
    const seconds = (performance.now() - befriended) / 1_000
    await annotate(`both rosters new ${seconds.toFixed(3)} s after the click`)
    expect(seconds).toBeLessThan(1 * BUSY)

    process.kill(first.pidToStop('backend'), 'SIGTERM')
    await first.process.waitForLine(/backend has ended/)
    expect(await first.contactsOf(stranger)).toMatchObject({ status: 200 })
    const failed = await curl(refresh)
    expect(failed).toMatchObject({ status: 500, body: { status: 'error', updated: 0, errors: 2 } })
    expect(failed.body.failures).toMatchObject([{ code: 'backend-unreachable' }, { code: 'backend-unreachable' }])
    await startAgain(data)
    expect(await curl(refresh)).toMatchObject({ status: 200, body: { updated: 2, errors: 0 } })

    const pids = pidsOf(data)
    expect(pids).toHaveLength(6) // itself, Redis, the example, the api, two workers
    const interrupted = performance.now()
    first.process.kill('SIGINT')
    expect(await first.process.exited).toEqual({ code: 0, signal: null })
    await annotate(`ended ${((performance.now() - interrupted) / 1_000).toFixed(1)} s after Ctrl-C`)
    expect(performance.now() - interrupted).toBeLessThan(5_000 * BUSY)
    expect(pids.filter(isRunning)).toEqual([])
    expect(await Promise.all(first.ports.map((port) => isPortFree(port)))).toEqual(first.ports.map(() => true))
    expect(readdirSync(data), 'not where the rosters of a backend would be').not.toContain('redis')
    expect(readdirSync(join(data, 'example-redis'))).toContain('appendonlydir')

    const { token, entry } = makeToken({ name: 'example', rights: ['notify', 'read'], domains: '*' })
    const tokens = { TOKENS: JSON.stringify([entry]), ROLLCALL_TOKEN: token }
    const second = await start(data, { HOST: ANOTHER_LOOPBACK, LOG_LEVEL: 'silent', ...tokens })
    await annotate(`second start: ${second.seconds} s`)
    expect(second.seconds).toBeLessThan(5 * BUSY)
    expect(second.apiUrl).toContain(`//${ANOTHER_LOOPBACK}:`)
    expect(second.exampleUrl, 'which has no login').toContain('//127.0.0.1:')
    expect(await second.contactsOf(stranger)).toMatchObject({ status: 401 })
    const kept = await ask(`${second.exampleUrl}/rollcall/contacts/${stranger}`)
    expect(kept, 'stored before, read with the token').toMatchObject({ body: { roster: { 'john@localhost': {} } } })
    second.process.kill('SIGTERM')
    expect(await second.process.exited).toEqual({ code: 0, signal: null })
  })

  test('says at once that the Redis of REDIS_URL is not there, and starts nothing', async () => {
    const data = await temporaryDirectory()
    const REDIS_URL = `redis://127.0.0.1:${await freePort()}`
    const refused = await spawnNode('npm start', [START, '--data', data], { ...ENV, REDIS_URL })
    expect(await refused.exited).toEqual({ code: 1, signal: null })
    expect(refused.lines.at(-1)).toContain(`Redis at ${REDIS_URL} does not answer (ECONNREFUSED)`)
    expect(readdirSync(data)).toEqual([])
  })
})

describe('npm start -- --with prosody', () => {
  test('both clients are told what the printed lines change; what ended starts again; nothing is left', {
    timeout: 400_000,
  }, async ({ annotate }) => {
    const data = await temporaryDirectory()
    const started = await start(data, {}, ['--with', 'prosody'])
    await annotate(`start: ${started.seconds} s`)
    const [befriend = '', rename = '', regroup = '', unfriend = ''] = started.curls
    const { process, pidToStop } = started
    expect(
      process.lines.filter((line) => line.includes('is now a contact (')),
      'rosters of before',
    ).toEqual([])
    const told = async (line: string, ...words: RegExp[]) => {
      expect(await curl(line)).toMatchObject({ status: 200, body: { changed: true, rollcall: { told: true } } })
      await Promise.all(words.map((each) => process.waitForLine(each)))
    }

    await told(
      befriend,
      /john: aaron is now a contact \("Aaron Jackson", Friends, both\)/,
      /aaron: john is now a contact \("John Larsen", Friends, both\)/,
      /john: aaron is online/,
      /aaron: john is online/,
    )
    await told(rename, /john: aaron is now called "Ari" \(was "Aaron Jackson"\)/)

    globalThis.process.kill(pidToStop('aaron'), 'SIGTERM')
    await process.waitForLine(/john: aaron is offline/)
    globalThis.process.kill(pidToStop('prosody'), 'SIGKILL')
    await process.waitForLine(/prosody has ended/)
    await process.waitForLine(/john: the connection is gone/)
    await startAgain(data)
    await expect.poll(() => process.lines.filter((line) => /(john|aaron): online, with/.test(line)).length).toBe(4)

    await told(regroup, /john: aaron is now in Work/, /aaron: john is now in Work/)
    await told(unfriend, /john: aaron is no longer a contact \(was "Ari", Work, both\)/, /aaron: john is no longer/)

    const pids = pidsOf(data)
    expect(pids).toHaveLength(10) // itself, Redis, Prosody, the example, the api, two workers, the gateway, two clients
    const interrupted = performance.now()
    process.kill('SIGINT')
    expect(await process.exited).toEqual({ code: 0, signal: null })
    expect(performance.now() - interrupted).toBeLessThan(5_000 * BUSY)
    expect(pids.filter(isRunning)).toEqual([])
    const port = Number(/log in at 127\.0\.0\.1:(\d+)/.exec(process.lines.join('\n'))?.[1])
    expect(await isPortFree(port)).toBe(true)
  })

  test('is refused beside a backend of the user, whose users are not known', async () => {
    const data = await temporaryDirectory()
    const env = { ...ENV, HTTP_ROSTER_URL: 'http://127.0.0.1:1/%s' }
    const refused = await spawnNode('npm start', [START, '--data', data, '--with', 'prosody'], env)
    expect(await refused.exited).toEqual({ code: 1, signal: null })
    expect(refused.lines.join('\n')).toContain('--with prosody is for the users of the example')
    expect(readdirSync(data)).toEqual([])
  })
})

test('npm start with TARGETS starts a gateway, which tells them', { timeout: 240_000 }, async () => {
  const data = await temporaryDirectory()
  const receiver = await startReceiver()
  const secret = `whsec_${Buffer.alloc(24).toString('base64')}`
  const TARGETS = JSON.stringify({ hook: { type: 'webhook', url: receiver.url, secret } })
  const { process, contactsOf, exampleUrl, ...started } = await start(data, { TARGETS })
  const stranger = await somebodyUnknownTo('john', { contactsOf, exampleUrl, process, ...started })
  await ask(`${exampleUrl}/friendships`, JSON.stringify({ a: 'john', b: stranger }))
  const isTold = () => receiver.requests.some(({ body }) => body.includes(`"username":"${stranger}"`))
  await expect.poll(isTold).toBe(true)
  process.kill('SIGINT')
  expect(await process.exited).toEqual({ code: 0, signal: null })
})

// macOS knows 127.0.0.1 only.
const ANOTHER_LOOPBACK = process.platform === 'linux' ? '127.0.0.2' : '127.0.0.1'

/** `npm start` with free ports and a data directory of its own, when all is up. */
async function start(data: string, env: Readonly<Record<string, string>> = {}, flags: readonly string[] = []) {
  const started = performance.now()
  const process = await spawnNode('npm start', [START, '--data', data, ...flags], { ...ENV, ...env })
  await process.waitForLine(/Ctrl-C ends everything/, 120_000)
  const seconds = Number(((performance.now() - started) / 1_000).toFixed(1))
  const curls = process.lines.filter((line) => line.trim().startsWith('curl '))
  const exampleUrl = /Open (\S+) in a browser/.exec(process.lines.join('\n'))?.[1]
  const apiUrl = JSON.parse(readFileSync(join(data, 'running.json'), 'utf8')).url as string
  const ports = [exampleUrl, apiUrl, redisUrlOf(process)].map((url) => Number(new URL(url ?? '').port))
  return {
    process,
    seconds,
    ports,
    apiUrl,
    exampleUrl: exampleUrl ?? '',
    curls: curls as [string, string, ...string[]],
    contactsOf: (user: string) => ask(`${apiUrl}/contacts/${user}`),
    /** Of the printed `<part>  kill <pid>`. */
    pidToStop: (part: string): number =>
      Number(new RegExp(`^ *${part} +kill (\\d+)$`, 'm').exec(process.lines.join('\n'))?.[1]),
  }
}

// What the shell and its .env are set up for is not ours.
const ENV = {
  HOST: '',
  PORT: '0',
  EXAMPLE_PORT: '0',
  GATEWAY_PORT: '0',
  TARGETS: '',
  HTTP_ROSTER_URL: '',
  REDIS_URL: '',
  TOKENS: '',
  LOG_LEVEL: '',
  NO_COLOR: '1',
}

const redisUrlOf = ({ lines }: AppProcess) => /^Redis: (redis:\/\/[^,]+),/m.exec(lines.join('\n'))?.[1]

/** The command that is printed, in a second shell. */
async function startAgain(data: string): Promise<void> {
  const again = await spawnNode('npm start -- --again', [START, '--again', '--data', data], ENV)
  expect(await again.exited).toEqual({ code: 0, signal: null })
}

function pidsOf(data: string): number[] {
  const file = join(data, 'running.json')
  const running = JSON.parse(existsSync(file) ? readFileSync(file, 'utf8') : '{}') as {
    pid: number
    parts: { pid: number }[]
  }
  return [running.pid, ...running.parts.map(({ pid }) => pid)]
}

async function somebodyUnknownTo(user: string, { exampleUrl, contactsOf }: Awaited<ReturnType<typeof start>>) {
  const users = (await ask(`${exampleUrl}/users`)).body as unknown as { username: string }[]
  const friends = (await contactsOf(user)).body
  const stranger = users.find(({ username }) => username !== user && !(`${username}@localhost` in friends))
  if (!stranger) throw new Error(`${user} knows everybody`)
  return stranger.username
}

/** What curl would do with a printed line; not every machine has curl. */
function curl(line: string) {
  const fields = [...line.matchAll(/ -d (?:'([^']*)'|(\S+))/g)].map(([, quoted, word]) => quoted ?? word)
  const method = / -X (\w+)/.exec(line)?.[1]
  return ask(line.trim().split(' ').at(-1) ?? '', fields.length > 0 ? fields.join('&') : undefined, method)
}

async function ask(url: string, body?: string, method = 'POST') {
  const form = { method, body: body ?? '', headers: { 'content-type': 'application/x-www-form-urlencoded' } }
  const response = await fetch(url, body === undefined ? {} : form)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
