import { showProgress } from '../progress.ts'
import { writeResults } from '../results.ts'
import { floorTable } from '../tables.ts'
import { measureBulk } from './bulk.ts'
import { compare } from './comparison.ts'
import { measureDashboards } from './dashboards.ts'
import { scaleFloors } from './floors.ts'
import { type ScalePart, scalePlanOf } from './plan.ts'
import { measureStored } from './stored.ts'
import { bulkTable, comparisonTable, dashboardsTable, storedTable } from './tables.ts'

/** What was measured of each part that was asked for. */
export interface ScaleResults {
  stored?: Awaited<ReturnType<typeof measureStored>>
  workers?: Awaited<ReturnType<typeof compare>>
  replicas?: Awaited<ReturnType<typeof compare>>
  shards?: Awaited<ReturnType<typeof compare>>
  bulk?: Awaited<ReturnType<typeof measureBulk>>
  dashboards?: Awaited<ReturnType<typeof measureDashboards>>
}

/** Measures one part after the other, prints each at its end, and writes the results down; false when a floor was missed. */
export async function measureScale({
  quick,
  part,
}: {
  readonly quick: boolean
  readonly part: ScalePart | undefined
}): Promise<boolean> {
  const startedAt = new Date()
  const plan = scalePlanOf({ quick })
  const results: ScaleResults = {}
  const { progress, end } = showProgress()
  const show = (table: string): void => {
    end()
    console.log(table)
  }
  const wanted = (name: ScalePart): boolean => part === undefined || part === name
  try {
    if (wanted('bulk')) {
      results.bulk = await measureBulk(plan.bulk, progress)
      show(bulkTable(results.bulk))
    }
    for (const name of ['workers', 'replicas', 'shards'] as const) {
      if (!wanted(name)) continue
      const compared = await compare(plan[name], progress)
      results[name] = compared
      show(comparisonTable(compared))
    }
    if (wanted('stored')) {
      results.stored = await measureStored(plan.stored, progress)
      show(storedTable(results.stored))
    }
    if (wanted('dashboards')) {
      results.dashboards = await measureDashboards(plan.dashboards, progress)
      show(dashboardsTable(results.dashboards))
    }
  } finally {
    end()
  }
  const floors = scaleFloors(results)
  if (floors.length > 0) console.log(floorTable(floors))
  console.log(await writeResults('scale', startedAt, { quick, floors, ...results }))
  return floors.every(({ met }) => met)
}
