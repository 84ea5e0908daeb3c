// When these fail: npx vitest run --project integration packages/runtime/src/config/generated.test.ts -u
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { envExample, fileSchema, withSettingsTables } from './generated.ts'
import { loadConfig } from './load-config.ts'
import { CONFIG_ENVIRONMENT } from './sources.ts'

const root = new URL('../../../../', import.meta.url)
const inRoot = (name: string) => new URL(name, root).pathname
const read = (name: string) => readFileSync(inRoot(name), 'utf8')

describe('what is generated from the settings is up to date', () => {
  test('.env.example', async () => {
    await expect(envExample()).toMatchFileSnapshot(inRoot('.env.example'))
  })

  test('rollcall.config.schema.json', async () => {
    await expect(fileSchema()).toMatchFileSnapshot(inRoot('rollcall.config.schema.json'))
  })

  test('the tables of docs/configuration.md', async () => {
    const document = withSettingsTables(read('docs/configuration.md'))
    await expect(document).toMatchFileSnapshot(inRoot('docs/configuration.md'))
  })
})

describe('.env.example', () => {
  test('names every variable once', () => {
    const named = [...envExample().matchAll(/^#([A-Z_]+)=/gm)].map(([, name]) => name)
    expect(named).toEqual(CONFIG_ENVIRONMENT)
  })

  test('with every # taken away is a configuration that says the defaults', () => {
    const text = envExample().replace(/^#(?=[A-Z_]+=)/gm, '')
    const env = { HTTP_ROSTER_URL: 'http://127.0.0.1:8090/rosters/%s' }
    const given = loadConfig({ env, cwd: '/', readFile: (path) => (path.endsWith('.env') ? text : null) })
    const { domains: _, ...defaults } = loadConfig({ env, cwd: '/', readFile: () => null })
    expect(given).toMatchObject(defaults)
  })
})

describe('rollcall.config.example.json', () => {
  const example: unknown = JSON.parse(read('rollcall.config.example.json'))
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(fileSchema()))

  test('is valid by the schema', () => {
    expect(validate(example) ? [] : validate.errors).toEqual([])
  })

  test('is accepted as it stands', () => {
    const readFile = (path: string) => (path.endsWith('.json') ? JSON.stringify(example) : null)
    expect(loadConfig({ env: {}, cwd: '/', readFile }).warnings).toEqual([])
  })

  test('a key that does not exist is wrong by the schema too', () => {
    expect(validate({ prot: 8080 })).toBe(false)
    expect(validate({ domains: { 'example.org': { rosterURL: 'http://127.0.0.1/%s' } } })).toBe(false)
  })
})
