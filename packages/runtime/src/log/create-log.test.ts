import { describe, expect, test } from 'vitest'
import { makeToken } from '../access/make-token.ts'
import { loadConfig } from '../config/load-config.ts'
import { createLog, type Log } from './create-log.ts'
import { describeConfig } from './describe-config.ts'
import { hideSecrets } from './hide-secrets.ts'

/** What one use of the log writes. */
function written(use: (log: Log) => void): Record<string, unknown> {
  const lines: string[] = []
  use(createLog({ level: 'info', name: 'api', destination: { write: (line: string) => void lines.push(line) } }))
  expect(lines).toHaveLength(1)
  return JSON.parse(lines[0] ?? '')
}

const { token, entry } = makeToken({ name: 'app', rights: ['read'], domains: '*' })

describe('a line', () => {
  test('says when, who, how grave and what', () => {
    const line = written((log) => log.warn({ username: 'john', attempt: 2 }, 'Fetch failed'))
    expect(line).toMatchObject({ level: 'warn', name: 'api', username: 'john', attempt: 2, msg: 'Fetch failed' })
    expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  test('below the level is not written', () => {
    expect(written((log) => ['debug', 'info'].forEach((level) => void log[level as 'info'](level)))).toMatchObject({
      msg: 'info',
    })
  })
})

describe('secrets', () => {
  test.each([
    { authorization: 's3cret' },
    { cookie: 's3cret' },
    { request: { authorization: 's3cret' } },
    { headers: { 'X-Api-Key': 's3cret' } },
    { headers: { authorization: 's3cret' } },
    { headers: 's3cret' },
    { request: { connection: { password: 's3cret' } } },
    { url: 'redis://user:s3cret@127.0.0.1:6379/0' },
    { url: 'redis://:s3/cr@et@127.0.0.1' },
    { url: 'https://app.example/rosters/john?api_key=s3cret&x=1' },
    { err: new Error('connect redis://:s3cret@127.0.0.1 failed') },
    {
      err: Object.assign(new Error('HTTP'), {
        config: { headers: { 'X-Api-Key': 's3cret' } },
        response: { data: 's3cret' },
      }),
    },
    { err: new Error('outer', { cause: Object.assign(new Error('inner'), { request: 's3cret' }) }) },
  ])('%j is not written', (fields: object) => {
    expect(JSON.stringify(written((log) => log.info(fields, 'x')))).not.toMatch(/s3/)
  })

  test('a token is not written, wherever it stands', () => {
    const lines = [
      written((log) => log.info(`Bearer ${token}`)),
      written((log) => log.info({ any: { where: [token] } }, 'x')),
      written((log) => log.error(new Error(`no ${token}`))),
      written((log) => log.child({ who: token }).info('x')),
    ]
    expect(JSON.stringify(lines)).not.toContain(token.slice(-43))
    expect(JSON.stringify(lines)).toContain(`rc_${entry.id}_***`)
  })

  test('headers that say nothing secret keep their values', () => {
    const headers = { 'Content-Type': 'text/html', 'retry-after': '5', 'x-key': 'k' }
    expect(written((log) => log.info({ headers }, 'x'))).toMatchObject({
      headers: { 'Content-Type': 'text/html', 'retry-after': '5', 'x-key': '***' },
    })
  })
})

describe('bodies of rosters', () => {
  test.each([
    { body: '{"marie@example.com":{}}' },
    { roster: { 'marie@example.com': {} } },
    { diff: { added: [{ jid: 'marie@example.com' }], updated: 0, removed: ['marie@example.com'] } },
    { answer: { data: { contacts: ['marie@example.com'] } } },
    { err: Object.assign(new Error('roster-invalid'), { body: 'marie@example.com' }) },
  ])('%j is not written', (fields) => {
    expect(JSON.stringify(written((log) => log.info(fields, 'x')))).not.toContain('marie')
  })

  test('counts are', () => {
    expect(written((log) => log.info({ contacts: 20, diff: { added: 1, removed: 0 } }, 'x'))).toMatchObject({
      contacts: 20,
      diff: { added: 1, removed: 0 },
    })
  })
})

describe('errors', () => {
  test('keep code, status, cause and the errors within', () => {
    const cause = new AggregateError([Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })], 'all addresses')
    const error = Object.assign(new TypeError('fetch failed', { cause }), { status: 502 })
    expect(written((log) => log.error({ err: error }, 'x'))).toMatchObject({
      err: {
        type: 'TypeError',
        message: 'fetch failed',
        status: 502,
        stack: expect.stringContaining('TypeError: fetch failed'),
        cause: { type: 'AggregateError', errors: [{ message: 'refused', code: 'ECONNREFUSED' }] },
      },
    })
  })

  test('that cause themselves are written, and so is what is none', () => {
    const error = new Error('loop')
    error.cause = error
    expect(written((log) => log.error(error))).toMatchObject({ err: { message: 'loop', cause: { message: 'loop' } } })
    expect(written((log) => log.error({ err: 'a text' }, 'x'))).toMatchObject({
      err: { type: 'string', message: 'a text' },
    })
  })
})

describe('hideSecrets', () => {
  test.each([
    ['nothing secret here', 'nothing secret here'],
    ['mail me@example.org', 'mail me@example.org'],
    ['http://a.example/x and http://b.example/y', 'http://a.example/x and http://b.example/y'],
    ['redis://u:p@h redis://u:p@h', 'redis://***@h redis://***@h'],
    ['http://u:p@h/x?a=b@c', 'http://***@h/x?a=b@c'],
    ['https://h/rosters/john@example.org', 'https://h/rosters/john@example.org'],
    [
      'https://h/%s?pass=abc&pwd=abc&sv=1&sig=abc&Credential=abc',
      'https://h/%s?pass=***&pwd=***&sv=1&sig=***&Credential=***',
    ],
    ['https://h/%s?domain=%d&access_token=abc#x', 'https://h/%s?domain=%d&access_token=***#x'],
  ])('%j becomes %j', (text, expected) => {
    expect(hideSecrets(text)).toBe(expected)
  })
})

test('hideSecrets takes no long time for a text made to be slow', () => {
  const slow = ['?key', 'a://', 'redis://', 'rc_abcd_', '?', '&auth=', 'a'].map((part) => part.repeat(100_000)).join('')
  expect(hideSecrets(slow)).toContain('redis://')
})

test('the configuration is described without its secrets', () => {
  const config = loadConfig({
    cwd: '/nonexistent',
    env: {
      HTTP_ROSTER_URL: 'https://app.example/%s?key=s3cret',
      REDIS_URL: 'redis://:s3cret@127.0.0.1:6379',
      BACKEND_HEADERS: '{"x-key":"s3cret"}',
      TOKENS: JSON.stringify([entry]),
    },
  })
  const described = describeConfig(config)
  expect(JSON.stringify(described)).not.toMatch(/s3cret/)
  expect(JSON.stringify(described)).not.toContain(entry.sha256)
  expect(described).toMatchObject({
    port: 8080,
    redis: { kind: 'one', url: 'redis://***@127.0.0.1:6379' },
    tokens: [`app (${entry.id}): read on all domains`],
    domains: { localhost: { rosterUrl: 'https://app.example/%s?key=***', headers: ['x-key'], maxContacts: 10_000 } },
  })
  expect(written((log) => log.info({ config: described }, 'x'))).toMatchObject({
    config: { redis: { url: 'redis://***@127.0.0.1:6379' } },
  })
})
