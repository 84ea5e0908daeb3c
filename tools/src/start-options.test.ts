import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError, makeToken } from '@rollcall/runtime'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { parseStartFlags, readStartOptions, StartError } from './start-options.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-start-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
})

const read = (env: Record<string, string> = {}, flags: { withProsody?: boolean } = {}) =>
  readStartOptions({ dataDirectory: '/data', withProsody: false, ...flags }, env, directory)
const write = (file: string, text: string) => writeFileSync(join(directory, file), text)

const addressOf = (host: string, port: number) => ({ host, port, url: `http://${host}:${port}` })

describe('npm start', () => {
  test('with nothing configured brings all, on the usual ports', async () => {
    expect(await read()).toEqual({
      dataDirectory: '/data',
      api: addressOf('127.0.0.1', 8080),
      example: addressOf('127.0.0.1', 8090),
      ownRedis: undefined,
      redisTimeoutMs: 2_000,
      domain: 'localhost',
      tokens: false,
      warnings: [],
    })
  })

  test('leaves the example out when there is a backend, wherever that is said', async () => {
    expect((await read({ HTTP_ROSTER_URL: 'http://127.0.0.1:3000/%s' })).example).toBeUndefined()
    write('.env', 'HTTP_ROSTER_URL=http://127.0.0.1:3000/%s\nREDIS_URL=redis://127.0.0.1:7000\nPORT=8181')
    expect(await read()).toMatchObject({
      example: undefined,
      ownRedis: { kind: 'one', url: 'redis://127.0.0.1:7000' },
      api: { port: 8181 },
      warnings: [],
    })
    expect(await read({ PORT: '8282' })).toMatchObject({ api: { port: 8282 } })
  })

  test('takes domains and Redis from the configuration file', async () => {
    const domains = { 'example.org': { rosterUrl: 'http://127.0.0.1:3000/%s' } }
    write('rollcall.config.json', JSON.stringify({ domains, redisUrl: 'redis://127.0.0.1:7000' }))
    expect(await read()).toMatchObject({ example: undefined, ownRedis: { kind: 'one', url: 'redis://127.0.0.1:7000' } })
  })

  test('keeps the example on this machine, wherever the api listens', async () => {
    const { entry } = makeToken({ name: 'app', rights: ['read'], domains: '*' })
    expect(await read({ HOST: '0.0.0.0', TOKENS: JSON.stringify([entry]) })).toMatchObject({
      api: { host: '0.0.0.0', url: 'http://127.0.0.1:8080' },
      example: { host: '127.0.0.1' },
    })
  })

  test('finds a free port for 0', async () => {
    const { api, example } = await read({ PORT: '0', EXAMPLE_PORT: '0' })
    expect(api.port).toBeGreaterThan(1023)
    expect(example?.port).toBeGreaterThan(1023)
  })

  test('says when the rosters of the example go into a Redis of the user', async () => {
    expect((await read({ REDIS_URL: 'redis://127.0.0.1:7000' })).warnings).toEqual([
      expect.stringContaining("example's rosters go into your own Redis"),
    ])
  })

  test('starts a gateway for whoever has TARGETS, wherever that is said', async () => {
    const targets = { crm: { type: 'webhook', url: 'http://127.0.0.1:3000', secret: `whsec_${'A'.repeat(32)}` } }
    expect(await read({ TARGETS: JSON.stringify(targets) })).toMatchObject({
      gateway: addressOf('127.0.0.1', 8082),
      prosody: undefined,
      targets: undefined,
    })
    write('rollcall.config.json', JSON.stringify({ targets }))
    expect(await read({ GATEWAY_PORT: '9000' })).toMatchObject({ gateway: { port: 9000 } })
    await expect(read({ GATEWAY_PORT: '8080' })).rejects.toThrow('PORT and GATEWAY_PORT are both 8080')

    const { prosody, targets: all } = await read({ XMPP_DOMAIN: 'example.net' }, { withProsody: true })
    expect(JSON.parse(all ?? '')).toEqual({
      ...targets,
      prosody: {
        type: 'xep-0356',
        domain: 'example.net',
        component: 'rollcall.example.net',
        service: `xmpp://127.0.0.1:${prosody?.ports.components}`,
        secret: prosody?.secret,
      },
    })
  })

  test('brings a Prosody for the users of the example only', async () => {
    await expect(read({ HTTP_ROSTER_URL: 'http://127.0.0.1:3000/%s' }, { withProsody: true })).rejects.toThrow(
      /--with prosody is for the users of the example/,
    )
    expect(() => parseStartFlags(['--with', 'ejabberd'], directory)).toThrow(/ejabberd[\s\S]*npm start -- --help/)
  })

  describe('with tokens', () => {
    const { token, entry } = makeToken({ name: 'app', rights: ['notify', 'read'], domains: '*' })
    const TOKENS = JSON.stringify([entry])

    test('gives the example the one of ROLLCALL_TOKEN, also from .env', async () => {
      write('.env', `ROLLCALL_TOKEN=${token}`)
      expect(await read({ TOKENS })).toMatchObject({ tokens: true, example: { token }, warnings: [] })
    })

    test('says what is missing when Rollcall would refuse the example', async () => {
      const warnings = async (env: Record<string, string>) => (await read({ TOKENS, ...env })).warnings
      expect(await warnings({})).toEqual([expect.stringMatching(/no ROLLCALL_TOKEN.*401.*npm run token/)])
      expect(await warnings({ ROLLCALL_TOKEN: 'rc_1' })).toEqual([expect.stringMatching(/none of TOKENS.*401/)])
      const reader = makeToken({ name: 'reader', rights: ['read'], domains: '*' })
      const env = { TOKENS: JSON.stringify([reader.entry]), ROLLCALL_TOKEN: reader.token }
      expect(await warnings(env)).toEqual([expect.stringMatching(/"reader"\) may not notify for localhost.*403/)])
    })
  })

  test('refuses what is wrong before anything starts', async () => {
    await expect(read({ EXAMPLE_PORT: 'ninety' })).rejects.toThrow(StartError)
    await expect(read({ PORT: 'eighty' })).rejects.toThrow(ConfigError)
    await expect(read({ PORT: '8090' })).rejects.toThrow('PORT and EXAMPLE_PORT are both 8090')
    expect(() => parseStartFlags(['--agian'], directory)).toThrow(/--agian[\s\S]*npm start -- --help/)
  })

  test('keeps its data in .data or where it is told to', () => {
    expect(parseStartFlags([], '/here')).toEqual({ again: false, withProsody: false, dataDirectory: '/here/.data' })
    expect(parseStartFlags(['--again', '--with', 'prosody', '--data', '/there'], '/here')).toEqual({
      again: true,
      withProsody: true,
      dataDirectory: '/there',
    })
  })
})
