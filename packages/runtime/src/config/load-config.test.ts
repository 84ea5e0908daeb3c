import type { Domain } from '@rollcall/roster'
import { describe, expect, test } from 'vitest'
import { load, ROSTER_URL } from '../../../../test/support/written-config.ts'
import { loadConfig } from './load-config.ts'
import { CONFIG_ENVIRONMENT } from './sources.ts'

const domain = (name: string) => name as Domain

describe('where settings come from', () => {
  test('with HTTP_ROSTER_URL alone everything else has its default', () => {
    const config = load({ env: { HTTP_ROSTER_URL: ROSTER_URL } })
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      refreshDeadlineMs: 25_000,
      shards: 1,
      logLevel: 'info',
    })
    expect(config).toMatchObject({ defaultDomain: 'localhost', tokens: [], corsOrigins: [], warnings: [] })
    expect([...config.domains.keys()]).toEqual(['localhost'])
    expect(config.domains.get(domain('localhost'))).toMatchObject({
      domain: 'localhost',
      headers: {},
      backendTimeoutMs: 10_000,
      maxRosterBytes: 5_242_880,
      maxContacts: 10_000,
      unknownUser: 'error',
      unknownUserRead: 'empty',
    })
  })

  test('environment wins over .env, .env over the file, the file over the default', () => {
    const env = { HTTP_ROSTER_URL: ROSTER_URL, PORT: '1' }
    const dotEnv = 'PORT=2\nSHARDS=2\n'
    const file = { port: 3, shards: 3, maxUsernames: 3 }
    expect(load({ env, dotEnv, file })).toMatchObject({ port: 1, shards: 2, maxUsernames: 3, jobAttempts: 3 })
  })

  test('an empty variable counts as not set', () => {
    expect(load({ env: { HTTP_ROSTER_URL: ROSTER_URL, PORT: '', SHARDS: ' ' }, dotEnv: 'PORT=2' })).toMatchObject({
      port: 2,
      shards: 1,
    })
  })

  test('texts of variables become numbers, booleans, lists and objects', () => {
    const config = load({
      env: {
        HTTP_ROSTER_URL: ROSTER_URL,
        PORT: ' 9000 ',
        USE_ENV_PROXY: 'TRUE',
        CORS_ORIGINS: 'https://a.example, http://localhost:5173',
        BACKEND_HEADERS: '{"X-Key":"k"}',
      },
    })
    expect(config).toMatchObject({
      port: 9000,
      useEnvProxy: true,
      corsOrigins: ['https://a.example', 'http://localhost:5173'],
    })
    expect(config.domains.get(config.defaultDomain)?.headers).toEqual({ 'x-key': 'k' })
  })

  test.each([
    ['1', true],
    ['0', false],
    ['False', false],
  ])('USE_ENV_PROXY=%s', (text, value) => {
    expect(load({ env: { HTTP_ROSTER_URL: ROSTER_URL, USE_ENV_PROXY: text } }).useEnvProxy).toBe(value)
  })

  test('a file that begins with a byte order mark is read', () => {
    expect(load({ file: `\uFEFF{"httpRosterUrl":"${ROSTER_URL}"}` }).port).toBe(8080)
  })

  test('files that are not there are not missed, and real ones are read', () => {
    expect(loadConfig({ env: { HTTP_ROSTER_URL: ROSTER_URL }, cwd: '/nonexistent' }).port).toBe(8080)
  })

  test('the names of all variables are known', () => {
    expect(CONFIG_ENVIRONMENT).toEqual(expect.arrayContaining(['HTTP_ROSTER_URL', 'REDIS_URL', 'TOKENS', 'LOG_LEVEL']))
  })
})

test('proxies are addresses and networks, and the header in which they say who it is has its name in lower case', () => {
  const env = {
    HTTP_ROSTER_URL: ROSTER_URL,
    TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8, fd00::/8',
    OPS_IDENTITY_HEADER: 'X-Forwarded-User',
    OPS_OPERATORS: 'alice,bob@example.org',
  }
  expect(load({ env })).toMatchObject({
    trustedProxies: [
      { address: '127.0.0.1', family: 'ipv4', prefix: 32 },
      { address: '10.0.0.0', family: 'ipv4', prefix: 8 },
      { address: 'fd00::', family: 'ipv6', prefix: 8 },
    ],
    opsIdentityHeader: 'x-forwarded-user',
    opsOperators: ['alice', 'bob@example.org'],
  })
})
