import { expect, test } from 'vitest'
import { makeToken } from '../access/make-token.ts'
import { loadConfig } from './load-config.ts'
import { CONFIG_ENVIRONMENT } from './sources.ts'

const { entry } = makeToken({ name: 'app', rights: ['read'], domains: '*' })

function effective(env: Record<string, string> = {}) {
  const all = { HTTP_ROSTER_URL: 'https://app.example/%s?key=s3cret', ...env }
  return loadConfig({ env: all, cwd: '/', readFile: () => null }).effective
}

const byVariable = (env: Record<string, string> = {}) =>
  new Map(effective(env).map((setting) => [setting.variable, setting]))

test('every setting is there with its value, for people, and whether that is the default', () => {
  expect(effective().map(({ variable }) => variable)).toEqual(CONFIG_ENVIRONMENT)
  const settings = byVariable({ SHARDS: '4', LOG_LEVEL: 'info', CORS_ORIGINS: 'https://a.example,https://b.example' })
  expect(settings.get('PORT')).toEqual({
    name: 'port',
    variable: 'PORT',
    section: 'What the api listens on and accepts',
    description: 'Port of the api; 0 is any free one',
    value: '8080',
    isDefault: true,
    isSecret: false,
  })
  expect(settings.get('SHARDS')).toMatchObject({ value: '4', isDefault: false })
  expect(settings.get('LOG_LEVEL')).toMatchObject({ value: 'info', isDefault: true })
  expect(settings.get('CORS_ORIGINS')).toMatchObject({ value: 'https://a.example, https://b.example' })
  expect(settings.get('REDIS_CA_FILE')).toMatchObject({ value: '', isDefault: true })
})

test('none of them shows a secret', () => {
  const webhook = {
    type: 'webhook',
    url: 'https://hook.example/x?token=s3cret',
    secret: `whsec_${btoa('s3cret'.repeat(6))}`,
  }
  const settings = byVariable({
    REDIS_URL: 'redis://:s3cret@127.0.0.1',
    BACKEND_HEADERS: '{"X-Key":"s3cret"}',
    TOKENS: JSON.stringify([entry]),
    TARGETS: JSON.stringify({ hook: webhook }),
  })
  const text = JSON.stringify([...settings.values()])
  for (const secret of ['s3cret', entry.sha256, webhook.secret]) expect(text).not.toContain(secret)
  expect(settings.get('REDIS_URL')).toMatchObject({ value: 'redis://***@127.0.0.1', isSecret: false })
  expect(settings.get('BACKEND_HEADERS')).toMatchObject({ value: 'X-Key', isSecret: true })
  expect(settings.get('TOKENS')).toMatchObject({ value: 'app', isSecret: true })
  expect(settings.get('TARGETS')).toMatchObject({ value: 'hook', isSecret: true })
  const sentinels = { REDIS_SENTINELS: '10.0.0.1', REDIS_SENTINEL_NAME: 'm', REDIS_SENTINEL_PASSWORD: 's3cret' }
  expect(byVariable(sentinels).get('REDIS_SENTINEL_PASSWORD')).toMatchObject({ value: 'hidden', isSecret: true })
})
