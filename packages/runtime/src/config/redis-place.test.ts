import { describe, expect, test } from 'vitest'
import { listed, load as loadWritten, ROSTER_URL } from '../../../../test/support/written-config.ts'
import type { RedisPlace } from './redis-place.ts'

const CA = '-----BEGIN CERTIFICATE-----\nMII…\n-----END CERTIFICATE-----\n'
const others = { 'ca.pem': CA, 'key.pem': '-----BEGIN PRIVATE KEY-----' }
const written = (env: Record<string, string>) => ({ env: { HTTP_ROSTER_URL: ROSTER_URL, ...env }, others })
const load = (env: Record<string, string>) => loadWritten(written(env))
const mistakes = (env: Record<string, string>) => listed(written(env))

const [cluster, sentinels] = [{ REDIS_CLUSTER: 'one:7000,two' }, { REDIS_SENTINELS: '[::1]:26380,10.0.0.1' }]

test.each<[what: string, env: Record<string, string>, place: RedisPlace]>([
  ['nothing', {}, { kind: 'one', url: 'redis://127.0.0.1:6379' }],
  ['a URL', { REDIS_URL: 'redis://r:1/2' }, { kind: 'one', url: 'redis://r:1/2' }],
  [
    'a URL, with user and password apart from it',
    { REDIS_URL: 'redis://r', REDIS_USERNAME: 'u', REDIS_PASSWORD: 'p' },
    { kind: 'one', url: 'redis://r', username: 'u', password: 'p' },
  ],
  [
    'a URL with TLS, and its authority',
    { REDIS_URL: 'rediss://r', REDIS_CA_FILE: 'ca.pem' },
    { kind: 'one', url: 'rediss://r', tls: { ca: CA } },
  ],
  [
    'a Cluster',
    { ...cluster, REDIS_PASSWORD: 'p' },
    {
      kind: 'cluster',
      nodes: [
        { host: 'one', port: 7000 },
        { host: 'two', port: 6379 },
      ],
      password: 'p',
    },
  ],
  [
    'Sentinels, with TLS',
    { ...sentinels, REDIS_SENTINEL_NAME: 'm', REDIS_SENTINEL_PASSWORD: 's', REDIS_TLS: 'true' },
    {
      kind: 'sentinel',
      sentinels: [
        { host: '::1', port: 26_380 },
        { host: '10.0.0.1', port: 26_379 },
      ],
      master: 'm',
      sentinelPassword: 's',
      tls: {},
    },
  ],
])('%s', (_what, env, place) => {
  expect(load(env).redis).toEqual(place)
})

describe('what does not go together is refused:', () => {
  test.each<[what: string, env: Record<string, string>, mistake: string]>([
    ['Cluster and URL', { ...cluster, REDIS_URL: 'redis://r' }, 'REDIS_URL (environment): beside REDIS_CLUSTER'],
    [
      'Sentinels and URL',
      { ...sentinels, REDIS_SENTINEL_NAME: 'm', REDIS_URL: 'redis://r' },
      'REDIS_URL (environment): beside REDIS_SENTINELS',
    ],
    [
      'Cluster and Sentinels',
      { ...cluster, ...sentinels, REDIS_SENTINEL_NAME: 'm' },
      'REDIS_SENTINELS (environment): beside REDIS_CLUSTER',
    ],
    ['Sentinels without a name', sentinels, 'REDIS_SENTINEL_NAME (environment or .env): not set'],
    [
      'a name without Sentinels',
      { REDIS_SENTINEL_NAME: 'm' },
      'REDIS_SENTINEL_NAME (environment): without REDIS_SENTINELS',
    ],
    [
      'a password of Sentinels without Sentinels',
      { ...cluster, REDIS_SENTINEL_PASSWORD: 's3cret' },
      'REDIS_SENTINEL_PASSWORD (environment): without REDIS_SENTINELS',
    ],
    ['a user without a password', { REDIS_USERNAME: 'u' }, 'REDIS_USERNAME (environment): without REDIS_PASSWORD'],
    [
      'two passwords',
      { REDIS_URL: 'redis://:a@r', REDIS_PASSWORD: 's3cret' },
      'REDIS_PASSWORD (environment): beside user or password in REDIS_URL',
    ],
    [
      'TLS beside a URL without it',
      { REDIS_URL: 'redis://r', REDIS_TLS: 'true' },
      'REDIS_TLS (environment): beside a REDIS_URL without TLS',
    ],
    ['an authority without TLS', { ...cluster, REDIS_CA_FILE: 'ca.pem' }, 'REDIS_CA_FILE (environment): without TLS'],
    [
      'an authority that is not there',
      { REDIS_URL: 'rediss://r', REDIS_CA_FILE: 'no.pem' },
      'REDIS_CA_FILE (environment): "no.pem", which is not there',
    ],
    [
      'an authority that is none',
      { REDIS_URL: 'rediss://r', REDIS_CA_FILE: 'key.pem' },
      'REDIS_CA_FILE (environment): "key.pem", which holds no certificate',
    ],
    ['addresses with a scheme', { REDIS_CLUSTER: 'redis://one' }, 'REDIS_CLUSTER[0] (environment): "redis://one"'],
  ])('%s', (_what, env, mistake) => {
    expect(mistakes(env)).toEqual([mistake])
  })

  test('also when one of them is broken, each mistake is told once', () => {
    expect(mistakes({ REDIS_CLUSTER: 'one:port', REDIS_TLS: 'true' })).toEqual([
      'REDIS_CLUSTER[0] (environment): "one:port"',
    ])
  })
})

describe('WORKER_SHARDS', () => {
  test.each([
    ['0-3,7', [0, 1, 2, 3, 7]],
    ['7, 5-6,5', [5, 6, 7]],
    ['0', [0]],
  ])('%s', (text, shards) => {
    expect(load({ SHARDS: '8', WORKER_SHARDS: text }).workerShards).toEqual(shards)
  })

  test('all when it is left out', () => expect(load({ SHARDS: '8' }).workerShards).toBeUndefined())

  test.each(['3-1', '', 'all', '1,,2', '1-'].filter(Boolean))('%s is none', (text) => {
    expect(mistakes({ SHARDS: '8', WORKER_SHARDS: text })).toEqual([`WORKER_SHARDS (environment): "${text}"`])
  })

  test('a shard that does not exist is told of', () => {
    expect(mistakes({ SHARDS: '4', WORKER_SHARDS: '2-4' })).toEqual(['WORKER_SHARDS (environment): 4, and SHARDS is 4'])
  })
})
