import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONFIG_ENVIRONMENT } from '@rollcall/runtime'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { NODE_ARGS_OF, repositoryRoot } from '../../tools/src/index.ts'

// Compose itself is not run here: the file is held against the schema of the Compose Specification and against what
// Rollcall knows.
interface Service {
  readonly image?: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string | number>>
  readonly ports?: readonly string[]
  readonly healthcheck?: unknown
  readonly restart?: string
  readonly stop_grace_period?: string
}

const read = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8')
const text = read('docker-compose.yml')
const compose = parse(text, { merge: true }) as { readonly services: Readonly<Record<string, Service>> }
const { redis, api, worker, gateway } = compose.services as Readonly<
  Record<'redis' | 'api' | 'worker' | 'gateway', Service>
>

describe('docker-compose.yml', () => {
  test('is valid by the schema of the Compose Specification', () => {
    const { $schema: _, ...schema } = JSON.parse(read('node_modules/dclint/schemas/compose.schema.json')) as Record<
      string,
      unknown
    >
    const ajv = new Ajv({ strict: false, allErrors: true, formats: { duration: true, uri: true, email: true } })
    const valid = ajv.validate(schema, compose)
    expect(ajv.errors ?? []).toEqual([])
    expect(valid).toBe(true)
  })

  test('has redis, api, worker and gateway, each with health check, restart and time to stop', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['api', 'gateway', 'redis', 'worker'])
    for (const service of Object.values(compose.services)) {
      expect(service).toMatchObject({
        healthcheck: expect.anything(),
        restart: 'unless-stopped',
        stop_grace_period: expect.any(String),
      })
    }
  })

  test('gives the processes only variables that the configuration knows', () => {
    const given = [api, worker, gateway].flatMap(({ environment }) => Object.keys(environment ?? {}))
    expect(given).toEqual(expect.arrayContaining(['REDIS_URL', 'HTTP_ROSTER_URL', 'TOKENS', 'HOST', 'PORT']))
    expect(given.filter((name) => !CONFIG_ENVIRONMENT.includes(name))).toEqual([])
  })

  test('tells the api of the targets that the gateway serves, or it would say that there are none', () => {
    expect(gateway.environment).toHaveProperty('TARGETS')
    expect(api.environment?.TARGETS).toBe(gateway.environment?.TARGETS)
  })

  test('asks its own environment only for variables that the configuration knows', () => {
    const asked = [...text.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name)
    expect(asked).toContain('TOKENS')
    expect(asked.filter((name) => !CONFIG_ENVIRONMENT.includes(String(name)))).toEqual([])
  })

  test('does not start without tokens and a backend, and publishes the api on loopback only', () => {
    expect(api.environment?.TOKENS).toMatch(/^\$\{TOKENS:\?/)
    expect(api.environment?.HTTP_ROSTER_URL).toMatch(/^\$\{HTTP_ROSTER_URL:\?/)
    expect(api.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:/)])
    expect(redis.ports ?? worker.ports).toBeUndefined()
  })

  test('keeps the data of Redis and never evicts', () => {
    expect(redis.command?.join(' ')).toContain('--appendonly yes --appendfsync everysec --maxmemory-policy noeviction')
    expect(redis.image).toMatch(/^redis:7/)
  })

  test('lets worker and gateway be scaled: no name, no port of the host', () => {
    for (const service of [worker, gateway]) {
      expect(service).not.toHaveProperty('container_name')
      expect(service).not.toHaveProperty('ports')
    }
  })
})

describe('Dockerfile', () => {
  const dockerfile = read('Dockerfile')

  test('knows every workspace before it installs', () => {
    const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { link?: boolean }> }
    const workspaces = Object.keys(lock.packages).filter((path) => path !== '' && !path.includes('node_modules/'))
    expect(workspaces).toContain('apps/api')
    for (const workspace of workspaces) expect(dockerfile).toContain(`COPY ${workspace}/package.json ${workspace}/\n`)
  })

  test('does not run as root', () => {
    expect(dockerfile).toMatch(/^USER node$/m)
  })

  test('runs what the compose file runs', () => {
    expect(dockerfile).toContain(`CMD ${JSON.stringify(api.command).replaceAll(',', ', ')}\n`)
  })
})

test.each(['api', 'worker'] as const)('the %s is started everywhere as it is measured', (app) => {
  const command = ['node', ...NODE_ARGS_OF[app], `apps/${app}/dist/main.js`]
  expect(compose.services[app]?.command).toEqual(command)
  const starts = read('docs/operations.md').match(new RegExp(`node .*apps/${app}/dist/main.js$`, 'gm')) ?? []
  expect(starts.map((line) => line.replace('/opt/rollcall/', ''))).toContain(command.join(' '))
  for (const line of starts) expect(line).toContain(NODE_ARGS_OF[app].join(' '))
})
