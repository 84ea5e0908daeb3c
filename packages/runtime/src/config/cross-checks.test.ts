import type { Domain } from '@rollcall/roster'
import { describe, expect, test } from 'vitest'
import { listed, load, mistakes, ROSTER_URL } from '../../../../test/support/written-config.ts'
import { makeToken } from '../access/make-token.ts'

describe('tokens', () => {
  const { entry } = makeToken({ name: 'app', rights: ['notify', 'read'], domains: '*' })
  const other = makeToken({ name: 'ops', rights: ['view'], domains: ['localhost' as Domain] }).entry
  const tokens = (...entries: unknown[]) => ({ HTTP_ROSTER_URL: ROSTER_URL, TOKENS: JSON.stringify(entries) })

  test('are taken from the environment or the file, not mixed', () => {
    expect(load({ env: tokens(entry), file: { tokens: [other] } }).tokens).toEqual([entry])
    expect(load({ env: { HTTP_ROSTER_URL: ROSTER_URL }, file: { tokens: [other] } }).tokens).toEqual([other])
  })

  test.each(['0.0.0.0', '::', '192.168.1.5', 'rollcall.internal'])(
    'without one HOST=%s is refused, and it says how to make one',
    (host) => {
      const { message } = mistakes({ env: { HTTP_ROSTER_URL: ROSTER_URL, HOST: host } })
      expect(message).toContain('npm run token -- --name app --rights notify,read')
    },
  )

  test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('without one HOST=%s is fine', (host) => {
    expect(load({ env: { HTTP_ROSTER_URL: ROSTER_URL, HOST: host } }).host).toBe(host)
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
    expect(load({ env: { HTTP_ROSTER_URL: ROSTER_URL, ...env } }).warnings).toEqual([expect.stringMatching(expected)])
  })

  test('a slow lane that a hanging backend would fill is no trouble where there is only one', () => {
    const domains = { 'a.example': { rosterUrl: ROSTER_URL }, 'b.example': { rosterUrl: ROSTER_URL } }
    const file = { defaultDomain: 'a.example', domains }
    const env = { SLOW_LANE: '99' }
    expect(load({ env, file }).warnings).toEqual([
      expect.stringMatching(/SLOW_LANE \(99\) is below WORKER_CONCURRENCY/),
    ])
    expect(load({ env: { HTTP_ROSTER_URL: ROSTER_URL, ...env } }).warnings).toEqual([])
  })

  test.each(['HOSTNAME', 'POST', 'PATH', 'HOME', 'LOGNAME', 'npm_config_registry', 'REDIS_DB'])(
    '%s is nobody else’s typing error',
    (name) => {
      expect(load({ env: { HTTP_ROSTER_URL: ROSTER_URL, [name]: 'x' } }).warnings).toEqual([])
    },
  )

  test('stand in the error too, since a misspelled name may be why something is missing', () => {
    expect(mistakes({ env: { HTTP_ROSTER_URI: ROSTER_URL } }).message).toContain('Did you mean HTTP_ROSTER_URL?')
  })
})
