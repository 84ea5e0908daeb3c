import { type Floor, readFloors, refreshFloors } from './floors.ts'
import { planOf } from './plan.ts'
import { showProgress } from './progress.ts'
import { measureReads, type ReadRound } from './reads.ts'
import { measureRefreshes, type RefreshResult } from './refreshes.ts'
import { writeResults } from './results.ts'
import { startStack } from './stack.ts'
import { floorTable, readTable, refreshTable } from './tables.ts'

/** Measures, prints, and writes the results down; false when a floor was missed. */
export async function measure({ quick }: { readonly quick: boolean }): Promise<boolean> {
  const startedAt = new Date()
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
  console.log(await writeResults('latest', startedAt, { quick, floors, refreshes, reads }))
  return floors.every(({ met }) => met)
}
