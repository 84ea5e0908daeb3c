import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { repositoryRoot } from '@rollcall/tools'
import Table from 'cli-table3'
import { measureRefresh, type RefreshCase } from './measure-refresh.ts'
import { showProgress } from './progress.ts'
import { startStack } from './stack.ts'

const ROUNDS = 6
const ROLES = ['api', 'worker'] as const
const SHOWN = 30

/** Where the CPU of api and worker goes in refreshes of 10,000 users. */
export async function profile({ change }: { readonly change: 'all' | 'none' }): Promise<boolean> {
  const directory = join(repositoryRoot, 'bench/results')
  await mkdir(directory, { recursive: true })
  const fileOf = (role: string): string => `${role}-${change}.cpuprofile`
  const { progress, end } = showProgress()
  const stack = await startStack({
    concurrency: 50,
    nodeArgs: (role) => ['--cpu-prof', '--cpu-prof-dir', directory, '--cpu-prof-name', fileOf(role)],
  })
  try {
    const wanted: RefreshCase = { users: 10_000, change, etag: false, delayMs: 0 }
    await measureRefresh(stack.rollcall, { ...wanted, change: 'all' }, 0, stack)
    for (let round = 1; round <= ROUNDS; round++) {
      progress('refreshes', round, ROUNDS)
      await measureRefresh(stack.rollcall, wanted, change === 'all' ? round : 0, stack)
    }
  } finally {
    end()
    await stack.stop()
  }
  for (const role of ROLES) {
    const file = join(directory, fileOf(role))
    const costs = costsOf(JSON.parse(await readFile(file, 'utf8')) as CpuProfile)
    console.log(
      `${role}: ${file}\n${costTable('package', costs.packages, 12)}\n${costTable('function', costs.functions)}`,
    )
  }
  return true
}

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  /** µs since the sample before. */
  readonly timeDeltas: readonly number[]
}

type Costs = ReadonlyMap<string, number>

/** Self time in µs, without the time in which nothing was to be done. */
function costsOf({ nodes, samples, timeDeltas }: CpuProfile): { packages: Costs; functions: Costs } {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const packages = new Map<string, number>()
  const functions = new Map<string, number>()
  samples.forEach((id, i) => {
    const frame = frames.get(id)
    if (!frame || frame.functionName === '(idle)') return
    const { functionName, url, lineNumber } = frame
    const place = placeOf(url)
    const time = timeDeltas[i] ?? 0
    const name = url === '' ? functionName : `${functionName || '(anonymous)'} ${place.file}:${lineNumber + 1}`
    const owner = url === '' ? functionName : place.owner
    packages.set(owner, (packages.get(owner) ?? 0) + time)
    functions.set(name, (functions.get(name) ?? 0) + time)
  })
  return { packages, functions }
}

function placeOf(url: string): { owner: string; file: string } {
  if (url.startsWith('node:')) return { owner: url.split('/').slice(0, 2).join('/'), file: url }
  const path = url.replace(/^file:\/\//, '').replace(repositoryRoot, '')
  const inModules = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)/.exec(path)
  if (inModules) return { owner: inModules[1] ?? path, file: `${inModules[1]}/${inModules[2]}` }
  return { owner: path.split('/').slice(0, 2).join('/'), file: path }
}

function costTable(what: string, costs: Costs, shown = SHOWN): string {
  const table = new Table({
    head: [what, 'self time', ''],
    colAligns: ['left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  })
  const all = [...costs.values()].reduce((sum, time) => sum + time, 0)
  const dearest = [...costs].sort(([, a], [, b]) => b - a).slice(0, shown)
  for (const [name, time] of dearest)
    table.push([name, `${Math.round(time / 1000)} ms`, `${((time / all) * 100).toFixed(1)} %`])
  return table.toString()
}
