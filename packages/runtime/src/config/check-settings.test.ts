import { describe, expect, test } from 'vitest'
import { listed, mistakes, ROSTER_URL } from '../../../../test/support/written-config.ts'
import { makeToken } from '../access/make-token.ts'

describe('what is wrong', () => {
  test('everything at once is one message that lists it all', () => {
    const error = mistakes({
      env: {
        PORT: '80a',
        HTTP_ROSTER_URI: ROSTER_URL,
        HOST: 'localhost:80',
        REDIS_URL: 'localhost',
        BACKEND_HEADERS: '[',
      },
      dotEnv: 'LOG_LEVEL=loud\nJOB_ATTEMPTS=0',
      file: {
        prot: 1,
        SHARDS: 2,
        maxContacts: '5',
        domains: { 'a.example': { rosterUrl: 'ftp://x/%s' }, 'b.example': { rosterURL: ROSTER_URL } },
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
    expect(mistakes({ env: { HTTP_ROSTER_URI: ROSTER_URL, PORT: '80a' } }).message).toMatchInlineSnapshot(`
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
    expect(listed({ env: { HTTP_ROSTER_URL: ROSTER_URL, ...env } })).toEqual([expected])
  })

  test.each([
    ['{\n "port": 1,\n // no comments\n}', 3],
    ['{"port": 1,\n}', 2],
    ['{"port": x}', 1],
    ['{"a": [1,\n2', 2],
    ['{"a": "b\n"}', 1],
    ['', 1],
  ])('a file that is no JSON is told with its line: %j', (file, line) => {
    expect(listed({ env: { HTTP_ROSTER_URL: ROSTER_URL }, file })).toEqual([
      `rollcall.config.json: no valid JSON, at line ${line}`,
    ])
  })

  test.each(['[]', '5', 'null'])('a file that is no object: %s', (file) => {
    expect(listed({ env: { HTTP_ROSTER_URL: ROSTER_URL }, file })).toEqual(['rollcall.config.json: not an object'])
  })

  test.each([
    ['redis://:s3cret@127.0.0.1:99999', '***@127.0.0.1:99999'],
    ['redis://user:s3/cr@et@127.0.0.1/x', '***@127.0.0.1/x'],
    ['redis:/:s3cret@127.0.0.1', '***@127.0.0.1'],
  ])('no password is shown: %s', (url, shown) => {
    const { message } = mistakes({ env: { HTTP_ROSTER_URL: ROSTER_URL, REDIS_URL: url } })
    expect(message).toContain(shown)
    expect(message).not.toMatch(/s3/)
  })

  test('no token and no header of the backend is shown', () => {
    const { token, entry } = makeToken({ name: 'app', rights: ['read'], domains: '*' })
    const { message } = mistakes({
      file: {
        httpRosterUrl: ROSTER_URL,
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
