import type { Domain } from '@rollcall/roster'
import { Username, userOf } from '@rollcall/roster'
import { describe, expect, test } from 'vitest'
import { makeToken } from '../access/make-token.ts'
import { ConfigError } from './config-error.ts'
import { loadConfig } from './load-config.ts'
import { CONFIG_ENVIRONMENT } from './sources.ts'

const URL = 'http://127.0.0.1:8090/rosters/%s'

interface Written {
  readonly env?: Record<string, string>
  readonly dotEnv?: string
  readonly file?: unknown
}

function load({ env = {}, dotEnv, file }: Written) {
  const files = new Map([
    ['/app/.env', dotEnv],
    ['/app/rollcall.config.json', typeof file === 'object' ? JSON.stringify(file) : file],
  ])
  return loadConfig({ env, cwd: '/app', readFile: (path) => (files.get(path) as string | undefined) ?? null })
}

function mistakes(written: Written): ConfigError {
  try {
    load(written)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  return expect.fail('the configuration was accepted')
}

/** `where: found` of each mistake. */
const listed = (written: Written): string[] =>
  mistakes(written).problems.map(({ where, found }) => `${where}: ${found}`)

const domain = (name: string) => name as Domain

describe('where settings come from', () => {
  test('with HTTP_ROSTER_URL alone everything else has its default', () => {
    const config = load({ env: { HTTP_ROSTER_URL: URL } })
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
    const env = { HTTP_ROSTER_URL: URL, PORT: '1' }
    const dotEnv = 'PORT=2\nSHARDS=2\n'
    const file = { port: 3, shards: 3, maxUsernames: 3 }
    expect(load({ env, dotEnv, file })).toMatchObject({ port: 1, shards: 2, maxUsernames: 3, jobAttempts: 3 })
  })

  test('an empty variable counts as not set', () => {
    expect(load({ env: { HTTP_ROSTER_URL: URL, PORT: '', SHARDS: ' ' }, dotEnv: 'PORT=2' })).toMatchObject({
      port: 2,
      shards: 1,
    })
  })

  test('texts of variables become numbers, booleans, lists and objects', () => {
    const config = load({
      env: {
        HTTP_ROSTER_URL: URL,
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
    expect(load({ env: { HTTP_ROSTER_URL: URL, USE_ENV_PROXY: text } }).useEnvProxy).toBe(value)
  })

  test('a file that begins with a byte order mark is read', () => {
    expect(load({ file: `\uFEFF{"httpRosterUrl":"${URL}"}` }).port).toBe(8080)
  })

  test('files that are not there are not missed, and real ones are read', () => {
    expect(loadConfig({ env: { HTTP_ROSTER_URL: URL }, cwd: '/nonexistent' }).port).toBe(8080)
  })

  test('the names of all variables are known', () => {
    expect(CONFIG_ENVIRONMENT).toEqual(expect.arrayContaining(['HTTP_ROSTER_URL', 'REDIS_URL', 'TOKENS', 'LOG_LEVEL']))
  })
})

describe('domains', () => {
  const user = userOf(Username.parse('john'), domain('b.example'))

  test('each takes from the common settings what it does not set itself', () => {
    const { domains, defaultDomain } = load({
      env: { HTTP_ROSTER_URL: 'https://x/%d/%s', MAX_CONTACTS: '7', BACKEND_HEADERS: '{"a":"common","b":"common"}' },
      file: {
        defaultDomain: 'B.example',
        domains: { 'a.example': { rosterUrl: 'https://a/%s', maxContacts: 9, headers: { A: 'own' } }, 'b.example': {} },
      },
    })
    expect(defaultDomain).toBe('b.example')
    expect(domains.get(domain('a.example'))).toMatchObject({
      maxContacts: 9,
      headers: { a: 'own' },
      backendTimeoutMs: 10_000,
    })
    expect(domains.get(domain('a.example'))?.headers).not.toHaveProperty('b')
    expect(domains.get(domain('b.example'))).toMatchObject({ maxContacts: 7, headers: { a: 'common', b: 'common' } })
    expect(domains.get(domain('b.example'))?.rosterUrl.urlFor(user)).toBe('https://x/b.example/john')
  })

  test('the only domain of the file is the default one', () => {
    expect(load({ file: { domains: { 'a.example': { rosterUrl: URL } } } }).defaultDomain).toBe('a.example')
  })

  test('names are compared in ASCII form', () => {
    expect(load({ file: { domains: { 'Bücher.example': { rosterUrl: URL } } } }).defaultDomain).toBe(
      'xn--bcher-kva.example',
    )
  })

  test.each([
    [{ domains: {} }, ['domains (rollcall.config.json): no usable domain']],
    [{ domains: [] }, ['domains (rollcall.config.json): a list']],
    [
      { domains: { 'a b': { rosterUrl: URL } } },
      ['domains.a b (rollcall.config.json): not a domain', 'domains (rollcall.config.json): no usable domain'],
    ],
    [{ domains: { 'a.example': 5 } }, ['domains.a.example (rollcall.config.json): 5']],
    [
      { domains: { 'a.example': { rosterUrl: URL }, 'A.example': { rosterUrl: URL } } },
      ['domains.A.example (rollcall.config.json): named twice'],
    ],
    [
      { domains: { 'a.example': {} } },
      ['domains.a.example.rosterUrl (rollcall.config.json): not set, and no HTTP_ROSTER_URL for all domains either'],
    ],
    [
      { domains: { 'a.example': { rosterUrl: URL }, 'b.example': { rosterUrl: URL } } },
      ['defaultDomain (rollcall.config.json): not set, with several domains'],
    ],
    [
      { defaultDomain: 'c.example', domains: { 'a.example': { rosterUrl: URL } } },
      ['defaultDomain (rollcall.config.json): "c.example", which is not among the domains'],
    ],
    [
      { domains: { 'a.example': { rosterUrl: URL, headers: { Host: 'x', 'a b': 'x', c: 'new\nline' } } } },
      ['Host', 'a b', 'c'].map((name) => `domains.a.example.headers.${name} (rollcall.config.json): a text, not shown`),
    ],
    [
      { domains: { 'a.example': { rosterUrl: URL, headers: { Host: 'x', 'a b': 'x', A: '1', a: '2' } } } },
      ['Host', 'a b', 'a'].map((name) => `domains.a.example.headers.${name} (rollcall.config.json): a text, not shown`),
    ],
  ])('%j', (file, expected) => {
    expect(listed({ file })).toEqual(expected)
  })

  test('HTTP_ROSTER_URL that no domain uses is a warning', () => {
    const { warnings } = load({ env: { HTTP_ROSTER_URL: URL }, file: { domains: { 'a.example': { rosterUrl: URL } } } })
    expect(warnings).toEqual([expect.stringContaining('HTTP_ROSTER_URL (environment) is not used')])
  })
})

describe('what is wrong', () => {
  test('everything at once is one message that lists it all', () => {
    const error = mistakes({
      env: { PORT: '80a', HTTP_ROSTER_URI: URL, HOST: 'localhost:80', REDIS_URL: 'localhost', BACKEND_HEADERS: '[' },
      dotEnv: 'LOG_LEVEL=loud\nJOB_ATTEMPTS=0',
      file: {
        prot: 1,
        SHARDS: 2,
        maxContacts: '5',
        domains: { 'a.example': { rosterUrl: 'ftp://x/%s' }, 'b.example': { rosterURL: URL } },
        tokens: [{ name: 'app', id: 'abcd', sha256: 'short', rights: ['write'], domains: [] }],
      },
    })
    const places = error.problems.map(({ where }) => where)
    expect(places).toMatchInlineSnapshot(`
      [
        "BACKEND_HEADERS (environment)",
        "maxContacts (rollcall.config.json)",
        "HOST (environment)",
        "PORT (environment)",
        "tokens[0].sha256 (rollcall.config.json)",
        "tokens[0].rights[0] (rollcall.config.json)",
        "tokens[0].domains (rollcall.config.json)",
        "REDIS_URL (environment)",
        "JOB_ATTEMPTS (.env)",
        "LOG_LEVEL (.env)",
        "domains.a.example.rosterUrl (rollcall.config.json)",
        "domains.b.example.rosterURL (rollcall.config.json)",
        "prot (rollcall.config.json)",
        "SHARDS (rollcall.config.json)",
        "domains.b.example.rosterUrl (rollcall.config.json)",
        "defaultDomain (rollcall.config.json)",
      ]
    `)
    for (const { where, found, advice } of error.problems)
      expect(error.message).toContain(`${where}: ${found}\n    ${advice}`)
  })

  test('the message reads well', () => {
    expect(mistakes({ env: { HTTP_ROSTER_URI: URL, PORT: '80a' } }).message).toMatchInlineSnapshot(`
      "There are 2 mistakes in the configuration (docs/configuration.md):

        PORT (environment): "80a"
          Write a whole number from 0 to 65535, digits only.

        HTTP_ROSTER_URL (environment or .env): not set
          Write where your application serves a roster, with %s for the username: http://127.0.0.1:8090/rosters/%s

      Perhaps: HTTP_ROSTER_URI (environment) is not a setting of Rollcall. Did you mean HTTP_ROSTER_URL?"
    `)
  })

  test.each<[Record<string, string>, string]>([
    [{ PORT: '-1' }, 'PORT (environment): -1'],
    [{ PORT: '65536' }, 'PORT (environment): 65536'],
    [{ PORT: '80.5' }, 'PORT (environment): "80.5"'],
    [{ PORT: '0x50' }, 'PORT (environment): "0x50"'],
    [{ MAX_USERNAMES: '100_000' }, 'MAX_USERNAMES (environment): "100_000"'],
    [{ REFRESH_DEADLINE_MS: '25s' }, 'REFRESH_DEADLINE_MS (environment): "25s"'],
    [{ SHARDS: '1025' }, 'SHARDS (environment): 1025'],
    [{ USE_ENV_PROXY: 'yes' }, 'USE_ENV_PROXY (environment): "yes"'],
    [{ REDIS_URL: 'http://127.0.0.1' }, 'REDIS_URL (environment): "http://127.0.0.1"'],
    [{ REDIS_URL: 'redis://127.0.0.1/zero' }, 'REDIS_URL (environment): "redis://127.0.0.1/zero"'],
    [{ CORS_ORIGINS: '*' }, 'CORS_ORIGINS[0] (environment): "*"'],
    [{ CORS_ORIGINS: 'https://a.example/path' }, 'CORS_ORIGINS[0] (environment): "https://a.example/path"'],
    [{ UNKNOWN_USER: 'ok' }, 'UNKNOWN_USER (environment): "ok"'],
    [{ XMPP_DOMAIN: 'a b' }, 'XMPP_DOMAIN (environment): "a b"'],
    [{ BACKEND_HEADERS: '{"a":1}' }, 'BACKEND_HEADERS.a (environment): a number, not shown'],
    [{ TOKENS: 'rc_abcd_secret' }, 'TOKENS (environment): a text, not shown'],
    [{ HTTP_ROSTER_URL: 'http://x/' }, 'HTTP_ROSTER_URL (environment): "http://x/"'],
    [{ HTTP_ROSTER_URL: '' }, 'HTTP_ROSTER_URL (environment or .env): not set'],
    [
      { REFRESH_TTL_S: '20' },
      'REFRESH_TTL_S (environment): 20: a refresh would be forgotten before its deadline of 25000 ms',
    ],
    [{ TRUSTED_PROXIES: 'proxy.example' }, 'TRUSTED_PROXIES[0] (environment): "proxy.example"'],
    [{ TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/33' }, 'TRUSTED_PROXIES[1] (environment): "10.0.0.0/33"'],
    [
      { TRUSTED_PROXIES: '10.0.0.1', OPS_IDENTITY_HEADER: 'Authorization' },
      'OPS_IDENTITY_HEADER (environment): "Authorization"',
    ],
    [
      { OPS_IDENTITY_HEADER: 'x-forwarded-user' },
      'OPS_IDENTITY_HEADER (environment): "x-forwarded-user", and no TRUSTED_PROXIES',
    ],
    [{ OPS_OPERATORS: 'alice' }, 'OPS_OPERATORS (environment): names, and no OPS_IDENTITY_HEADER'],
    [{ REPAIR_MAX_MS: '59999' }, 'REPAIR_MAX_MS (environment): 59999: shorter than REPAIR_MIN_MS, which is 60000'],
  ])('%j', (env, expected) => {
    expect(listed({ env: { HTTP_ROSTER_URL: URL, ...env } })).toEqual([expected])
  })

  test.each([
    ['{\n "port": 1,\n // no comments\n}', 3],
    ['{"port": 1,\n}', 2],
    ['{"port": x}', 1],
    ['{"a": [1,\n2', 2],
    ['{"a": "b\n"}', 1],
    ['', 1],
  ])('a file that is no JSON is told with its line: %j', (file, line) => {
    expect(listed({ env: { HTTP_ROSTER_URL: URL }, file })).toEqual([
      `rollcall.config.json: no valid JSON, at line ${line}`,
    ])
  })

  test.each(['[]', '5', 'null'])('a file that is no object: %s', (file) => {
    expect(listed({ env: { HTTP_ROSTER_URL: URL }, file })).toEqual(['rollcall.config.json: not an object'])
  })

  test.each([
    ['redis://:s3cret@127.0.0.1:99999', '***@127.0.0.1:99999'],
    ['redis://user:s3/cr@et@127.0.0.1/x', '***@127.0.0.1/x'],
    ['redis:/:s3cret@127.0.0.1', '***@127.0.0.1'],
  ])('no password is shown: %s', (url, shown) => {
    const { message } = mistakes({ env: { HTTP_ROSTER_URL: URL, REDIS_URL: url } })
    expect(message).toContain(shown)
    expect(message).not.toMatch(/s3/)
  })

  test('no token and no header of the backend is shown', () => {
    const { token, entry } = makeToken({ name: 'app', rights: ['read'], domains: '*' })
    const { message } = mistakes({
      file: {
        httpRosterUrl: URL,
        backendHeaders: { authorization: 'Bearer s3cret\n' },
        tokens: [{ ...entry, sha256: token }, token],
      },
    })
    expect(message).not.toContain('s3cret')
    expect(message).not.toContain(token)
    expect(message).toContain('tokens[0].sha256')
    expect(message).toContain('tokens[1]')
  })
})

test('proxies are addresses and networks, and the header in which they say who it is has its name in lower case', () => {
  const env = {
    HTTP_ROSTER_URL: URL,
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

describe('tokens', () => {
  const { entry } = makeToken({ name: 'app', rights: ['notify', 'read'], domains: '*' })
  const other = makeToken({ name: 'ops', rights: ['view'], domains: ['localhost' as Domain] }).entry
  const tokens = (...entries: unknown[]) => ({ HTTP_ROSTER_URL: URL, TOKENS: JSON.stringify(entries) })

  test('are taken from the environment or the file, not mixed', () => {
    expect(load({ env: tokens(entry), file: { tokens: [other] } }).tokens).toEqual([entry])
    expect(load({ env: { HTTP_ROSTER_URL: URL }, file: { tokens: [other] } }).tokens).toEqual([other])
  })

  test.each(['0.0.0.0', '::', '192.168.1.5', 'rollcall.internal'])(
    'without one HOST=%s is refused, and it says how to make one',
    (host) => {
      const { message } = mistakes({ env: { HTTP_ROSTER_URL: URL, HOST: host } })
      expect(message).toContain('npm run token -- --name app --rights notify,read')
    },
  )

  test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('without one HOST=%s is fine', (host) => {
    expect(load({ env: { HTTP_ROSTER_URL: URL, HOST: host } }).host).toBe(host)
  })

  test('with one any HOST is fine', () => {
    expect(load({ env: { ...tokens(entry), HOST: '0.0.0.0' } }).host).toBe('0.0.0.0')
  })

  test('a repeated id, a repeated name and an unknown domain are wrong', () => {
    const foreign = { ...other, domains: ['localhost', 'other.example'] }
    expect(
      listed({ env: tokens(entry, foreign, { ...entry, name: 'new' }, { ...other, id: 'abcd', name: 'app' }) }),
    ).toEqual([
      `TOKENS[2].id (environment): "${entry.id}" for the second time`,
      'TOKENS[3].name (environment): "app" for the second time',
      'TOKENS[1].domains (environment): "other.example", which is not configured',
    ])
  })
})

describe('warnings', () => {
  test.each<[Record<string, string>, RegExp]>([
    [{ JOB_LOCK_MS: '9000' }, /JOB_LOCK_MS \+ STALL_CHECK_MS is 10000.*within 10 s/],
    [{ READ_DEADLINE_MS: '30000' }, /READ_DEADLINE_MS \(30000\) is above REFRESH_DEADLINE_MS/],
    [{ REDIS_TIMEOUT_MS: '6000' }, /REDIS_TIMEOUT_MS \(6000\) is above READ_DEADLINE_MS/],
    [{ HTTP_ROSTER_URI: 'x' }, /HTTP_ROSTER_URI \(environment\).*HTTP_ROSTER_URL\?/],
    [{ WORKER_CONCURENCY: '5' }, /Did you mean WORKER_CONCURRENCY\?/],
    [{ REFRESH_DEADLINE: '5' }, /Did you mean REFRESH_DEADLINE_MS\?/],
    [{ SHARD: '5' }, /Did you mean SHARDS\?/],
  ])('%j', (env, expected) => {
    expect(load({ env: { HTTP_ROSTER_URL: URL, ...env } }).warnings).toEqual([expect.stringMatching(expected)])
  })

  test('a slow lane that a hanging backend would fill is no trouble where there is only one', () => {
    const domains = { 'a.example': { rosterUrl: URL }, 'b.example': { rosterUrl: URL } }
    const file = { defaultDomain: 'a.example', domains }
    const env = { SLOW_LANE: '99' }
    expect(load({ env, file }).warnings).toEqual([
      expect.stringMatching(/SLOW_LANE \(99\) is below WORKER_CONCURRENCY/),
    ])
    expect(load({ env: { HTTP_ROSTER_URL: URL, ...env } }).warnings).toEqual([])
  })

  test.each(['HOSTNAME', 'POST', 'PATH', 'HOME', 'LOGNAME', 'npm_config_registry', 'REDIS_DB'])(
    '%s is nobody else’s typing error',
    (name) => {
      expect(load({ env: { HTTP_ROSTER_URL: URL, [name]: 'x' } }).warnings).toEqual([])
    },
  )

  test('stand in the error too, since a misspelled name may be why something is missing', () => {
    expect(mistakes({ env: { HTTP_ROSTER_URI: URL } }).message).toContain('Did you mean HTTP_ROSTER_URL?')
  })
})
