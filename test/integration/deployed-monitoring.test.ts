import { execFile } from 'node:child_process'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import * as trouble from '../../apps/api/src/ops/snapshot/wait-troubles.ts'
import { ERRORS_BAD, MEMORY_TIGHT, WAIT_BAD_MS } from '../../apps/dashboard/src/views/overview/thresholds.ts'
import { findPrometheus, repositoryRoot } from '../../tools/src/index.ts'
import { temporaryDirectory } from '../support/processes.ts'

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: Readonly<Record<string, string>>
}

const inRepository = (path: string): Promise<string> => readFile(join(repositoryRoot, path), 'utf8')

async function rules(): Promise<Rule[]> {
  const { groups } = parse(await inRepository('deploy/prometheus/rules.yml')) as { groups: { rules: Rule[] }[] }
  return groups.flatMap((group) => group.rules)
}

async function promtool(...args: string[]): Promise<string> {
  const { promtool: program } = await findPrometheus()
  const directory = await temporaryDirectory()
  await cp(join(repositoryRoot, 'deploy/prometheus'), directory, { recursive: true })
  await writeFile(join(directory, 'rollcall-token'), 'a token')
  const { stdout, stderr } = await promisify(execFile)(program, args, { cwd: directory })
  return stdout + stderr
}

test('promtool finds nothing wrong with the rules, nor with the example of a configuration', async () => {
  expect(await promtool('check', 'rules', 'rules.yml')).toMatch(/SUCCESS/)
  expect(await promtool('check', 'config', 'prometheus.yml')).toMatch(/SUCCESS/)
}, 120_000)

test('every alert comes when it should, and none comes while all is well', async () => {
  expect(await promtool('test', 'rules', 'rules.test.yml')).toMatch(/SUCCESS/)
  const tests = await inRepository('deploy/prometheus/rules.test.yml')
  for (const { alert } of await rules()) expect(tests).toContain(`alertname="${alert}", alertstate="firing"`)
}, 120_000)

test('every alert says how bad it is, what it means and what to do', async () => {
  const operations = await inRepository('docs/operations.md')
  for (const { alert, labels, annotations } of await rules()) {
    expect(['warning', 'critical']).toContain(labels.severity)
    expect(Object.keys(annotations)).toEqual(['summary', 'description', 'runbook'])
    expect(operations).toContain(`| \`${alert}\``)
    const [, page = '', heading = ''] = /^(docs\/\S+\.md), "(.+)"$/.exec(annotations.runbook ?? '') ?? []
    expect(await inRepository(page)).toContain(`## ${heading}`)
  }
})

test.each([
  ['RollcallUsersWait', WAIT_BAD_MS / 1000],
  ['RollcallManyFailures', ERRORS_BAD],
  ['RollcallRedisMemory', MEMORY_TIGHT],
  ['RollcallUsersWait', trouble.LONG_WAIT_MS / 1000],
  ['RollcallRedisMemory', trouble.MEMORY_TIGHT],
  ['RollcallTargetLag', trouble.LONG_LAG_MS / 1000],
])('%s comes for what stands out in the Overview, or is a sentence there: from %d on', async (name, threshold) => {
  const rule = (await rules()).find(({ alert }) => alert === name)
  expect(Number(/> ([\d.]+)$/.exec(rule?.expr ?? '')?.[1])).toBe(threshold)
})

test('rules and charts ask for metrics that are documented', async () => {
  const documented = new Set((await inRepository('docs/metrics.md')).match(METRIC))
  const board = JSON.parse(await inRepository('deploy/grafana/rollcall.json')) as Board
  const asked = [...(await rules()).map(({ expr }) => expr), ...expressions(board)]
  const names = new Set(asked.flatMap((expr) => expr.match(METRIC) ?? []).map(nameOf))
  expect(names.size).toBeGreaterThan(20)
  expect([...names].filter((name) => !documented.has(name))).toEqual([])
})

const METRIC = /\b(?:rollcall|bullmq)_[a-z0-9_]+/g

/** Without what a histogram adds. */
const nameOf = (series: string): string => series.replace(/_bucket$/, '')

interface Board {
  readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[]
}

const expressions = ({ panels }: Board): string[] =>
  panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
