import type { Progress } from '../progress.ts'
import { type Deployment, type Layout, startDeployment } from './deployment.ts'
import type { ComparisonPlan } from './plan.ts'
import { firstUsers, measureRefreshes, type RefreshesSample } from './refresh.ts'

export interface ComparisonResult {
  readonly title: string
  readonly layouts: readonly {
    readonly layout: Layout
    /** To Redis, of one process. */
    readonly connections: { readonly api: number; readonly worker: number }
    /** The i-th of each layout were measured one right after the other. */
    readonly samples: readonly RefreshesSample[]
  }[]
}

/** Rounds for each process of the kind of which there are most. */
const WARM_UP = 2

/** All deployments run at the same time, idle but for the one that is measured: the machine drifts. */
export async function compare(plan: ComparisonPlan, progress: Progress): Promise<ComparisonResult> {
  const { title, layouts, users, usersPerRefresh, delayMs, rounds } = plan
  const deployments: Deployment[] = []
  try {
    for (const layout of layouts) deployments.push(await startDeployment(layout))
    const samples: RefreshesSample[][] = layouts.map(() => [])
    let version = 0
    const measure = (deployment: Deployment): Promise<RefreshesSample> => {
      const refreshes = { users: firstUsers(users), usersPerRefresh, version, delayMs, changed: users }
      version++
      return measureRefreshes(refreshes, deployment)
    }
    progress(`${title}, warming up`, 1, 1)
    for (const deployment of deployments) {
      // The more processes share the users, the longer it takes until V8 has compiled the code of each.
      const { apis, workers } = deployment.layout
      for (let i = 0; i < WARM_UP * Math.max(apis, workers); i++) await measure(deployment)
    }
    for (let i = 1; i <= rounds; i++) {
      progress(title, i, rounds)
      for (const [at, deployment] of deployments.entries()) samples[at]?.push(await measure(deployment))
    }
    const connections = await Promise.all(deployments.map((deployment) => deployment.connections()))
    return {
      title,
      layouts: layouts.map((layout, i) => ({
        layout,
        connections: connections[i] ?? { api: 0, worker: 0 },
        samples: samples[i] ?? [],
      })),
    }
  } finally {
    for (const deployment of deployments) await deployment.stop()
  }
}
