import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { repositoryRoot } from '../../tools/src/index.ts'
import { startBackend } from '../support/backend.ts'
import { freshRedisUrl } from '../support/fresh-redis.ts'
import { startHangingServer } from '../support/hanging-server.ts'
import { drawTrace, startOtlpCollector } from '../support/otlp-collector.ts'
import { spawnApi, spawnWorker } from '../support/processes.ts'

/** Far below what a collector that hangs is waited for by OpenTelemetry itself. */
const SOON_MS = 8_000

async function traced(endpoint: string, more: Record<string, string> = {}) {
  const backend = await startBackend()
  onTestFinished(() => backend.close())
  const env = {
    REDIS_URL: await freshRedisUrl(),
    HTTP_ROSTER_URL: backend.template,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    ...more,
  }
  const [api, worker] = await Promise.all([spawnApi(env), spawnWorker(env)])
  return { api, worker }
}

test('one trace goes through all processes, and is sent before they end', async () => {
  const collector = await startOtlpCollector()
  onTestFinished(() => collector.close())
  const { api, worker } = await traced(collector.url)
  expect(await api.refresh(['john', 'aaron'])).toMatchObject({ status: 200, body: { updated: 2 } })
  for (const process of [api, worker]) {
    process.kill('SIGTERM')
    expect(await process.exited).toMatchObject({ code: 0 })
  }
  expect(drawTrace(collector.spans)).toEqual([
    'server POST /roster_admin/refresh',
    '  producer addBulk refresh',
    '    consumer process refresh',
    '      internal commit',
    '      client GET roster',
    '    consumer process refresh',
    '      internal commit',
    '      client GET roster',
  ])
  const services = new Set(collector.spans.map(({ service, kind }) => `${service} ${kind}`))
  expect(services).toEqual(
    new Set([
      'rollcall-api server',
      'rollcall-api producer',
      'rollcall-worker consumer',
      'rollcall-worker client',
      'rollcall-worker internal',
    ]),
  )
})

test('a collector that hangs, or is away, delays nothing and nobody', async () => {
  const hanging = await startHangingServer()
  for (const endpoint of [hanging.url, 'http://127.0.0.1:9']) {
    const { api, worker } = await traced(endpoint, { OTEL_BSP_SCHEDULE_DELAY: '50' })
    for (let i = 0; i < 20; i++) {
      const { status, ms } = await api.refresh([`john${i}`, `aaron${i}`])
      expect(status).toBe(200)
      expect(ms).toBeLessThan(SOON_MS)
    }
    for (const process of [api, worker]) {
      process.kill('SIGTERM')
      expect(await process.exited).toMatchObject({ code: 0 })
      expect(process.logged(/did not end in time/)).toEqual([])
    }
  }
}, 120_000)

test('nothing that makes or sends traces is loaded when nobody takes them', async () => {
  const loadedWith = async (endpoint: string): Promise<number> => {
    const script = `
      const { startTracing } = await import('@rollcall/runtime')
      const log = { info() {}, warn() {} }
      await startTracing({ name: 'test', version: '0', env: { OTEL_EXPORTER_OTLP_ENDPOINT: '${endpoint}' }, log })
      const { default: module } = await import('node:module')
      console.log(Object.keys(module._cache).filter((path) => /@opentelemetry\\/(?!api\\/)|bullmq-otel/.test(path)).length)` // prom-client loads its api
    const cwd = join(repositoryRoot, 'apps/worker')
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd })
    return Number(stdout)
  }
  expect(await loadedWith('http://127.0.0.1:9')).toBeGreaterThan(20)
  expect(await loadedWith('')).toBe(0)
})
