import { execFile } from 'node:child_process'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { METRICS } from '@rollcall/runtime'
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

test('rules, charts and the tests of the rules know each metric by the labels that it has', async () => {
  const board = JSON.parse(await inRepository('deploy/grafana/rollcall.json')) as Board
  const charts = board.panels.flatMap(({ targets = [] }) => targets)
  const { tests } = parse(await inRepository('deploy/prometheus/rules.test.yml')) as RuleTests
  const made = tests.flatMap(({ input_series }) => input_series.map(({ series }) => ({ expr: series, words: '' })))
  const alerts = (await rules()).map(({ expr, annotations }) => ({ expr, words: JSON.stringify(annotations) }))
  const asked = charts.map(({ expr, legendFormat }) => ({ expr, words: legendFormat ?? '' }))
  const wrong = [...alerts, ...asked, ...made].flatMap(({ expr, words }) => {
    const known = new Set([...BY_PROMETHEUS, ...(expr.match(METRIC) ?? []).flatMap(labelsOf)])
    const matched = [...expr.matchAll(/(\w+)\{([^}]*)\}/g)].flatMap(([, series = '', matchers = '']) => {
      const has = new Set(labelsOf(series))
      return [...matchers.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => ({ label, has }))
    })
    const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].map(([, labels = '']) => labels.split(/,\s*/))
    const left = grouped[0] === undefined ? known : new Set(grouped.flat())
    const said = [...words.matchAll(/\{\{\s*(?:\$labels\.)?([a-z]+)\s*\}\}/g)].map(([, label = '']) => label)
    return [
      ...matched.filter(({ label, has }) => !has.has(label)).map(({ label }) => `${expr}: ${label}`),
      ...grouped.flat().flatMap((label) => (known.has(label) ? [] : `${expr}: by ${label}`)),
      ...said.flatMap((label) => (left.has(label) ? [] : `${words}: ${label}`)),
    ]
  })
  expect(wrong).toEqual([])
})

/** Of a series as Prometheus has it. */
function labelsOf(series: string): readonly string[] {
  const { labels = [] }: { readonly labels?: readonly string[] } =
    Object.values(METRICS).find(({ name }) => name === nameOf(series)) ?? {}
  return [
    ...BY_PROMETHEUS,
    ...labels,
    ...(series.endsWith('_bucket') ? ['le'] : []),
    ...(series.startsWith('bullmq_') ? OF_BULLMQ : []),
  ]
}

const BY_PROMETHEUS = ['job', 'instance']
const OF_BULLMQ = ['queue', 'state', 'shard']

const METRIC = /\b(?:rollcall|bullmq)_[a-z0-9_]+/g

/** Without what a histogram adds. */
const nameOf = (series: string): string => series.replace(/_bucket$/, '')

interface Board {
  readonly panels: readonly {
    readonly targets?: readonly { readonly expr: string; readonly legendFormat?: string }[]
  }[]
}

interface RuleTests {
  readonly tests: readonly { readonly input_series: readonly { readonly series: string }[] }[]
}

const expressions = ({ panels }: Board): string[] =>
  panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
