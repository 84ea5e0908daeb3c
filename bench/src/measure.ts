import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { repositoryRoot } from '@rollcall/tools'
import { type Floor, readFloors, refreshFloors } from './floors.ts'
import { planOf } from './plan.ts'
import { showProgress } from './progress.ts'
import { measureReads, type ReadRound } from './reads.ts'
import { measureRefreshes, type RefreshResult } from './refreshes.ts'
import { startStack } from './stack.ts'
import { floorTable, readTable, refreshTable } from './tables.ts'

/** Measures, prints, and writes the results down; false when a floor was missed. */
export async function measure({ quick }: { readonly quick: boolean }): Promise<boolean> {
  const startedAt = new Date()
  const started = performance.now()
  const refreshes: RefreshResult[] = []
  let reads: { rounds: ReadRound[]; bodyBytes: number } | undefined
  const { progress, end } = showProgress()
  for (const planned of planOf({ quick }).stacks) {
    const stack = await startStack(planned)
    try {
      refreshes.push(...(await measureRefreshes(planned.refreshes, stack, progress)))
      if (planned.reads) reads = await measureReads(planned.reads, stack, progress)
    } finally {
      end()
      await stack.stop()
    }
  }

  const floors: Floor[] = [...refreshFloors(refreshes), ...(reads ? readFloors(reads.rounds) : [])]
  console.log(refreshTable(refreshes))
  if (reads) console.log(readTable(reads.rounds, reads.bodyBytes))
  console.log(floorTable(floors))
  const seconds = Math.round((performance.now() - started) / 1000)
  const machine = {
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
  }
  const file = await writeResults({ startedAt, seconds, quick, machine, floors, refreshes, reads })
  console.log(`${seconds} s on ${machine.cores} × ${machine.cpu}, Node ${machine.node}. Each round: ${file}`)
  return floors.every(({ met }) => met)
}

async function writeResults(results: object): Promise<string> {
  const directory = join(repositoryRoot, 'bench/results')
  await mkdir(directory, { recursive: true })
  const file = join(directory, 'latest.json')
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`)
  return file
}
