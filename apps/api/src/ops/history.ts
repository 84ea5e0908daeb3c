import { type Domain, type OpsHistory, OpsRange } from '@rollcall/roster'
import { type History, lookBack, type Step } from '@rollcall/runtime'
import { chartsOf, type Figures, figuresOf, SHOWN } from './charts.ts'
import { valueIn } from './query.ts'
import { may, type Operator, type OpsRoute } from './route.ts'

export interface HistoryRouteDeps {
  readonly history: Pick<History, 'now' | 'read'>
  readonly domains: Iterable<Domain>
  readonly targets: readonly { readonly name: string; readonly domain: Domain }[]
}

/** What was read is good for so long, for all who look. */
const FRESH_MS = 5_000

/** What the charts show. */
export function historyRoutes({ history, domains, targets }: HistoryRouteDeps): OpsRoute[] {
  const configured = [...domains]
  const make = (step: Step): Figures => figuresOf(step, configured)
  const charts = new Map(
    OpsRange.options.map((range) => {
      const look = lookBack({ ...SHOWN[range], history, make })
      return [range, readAtMost(FRESH_MS, async () => chartsOf(range, await look()))]
    }),
  )

  return [
    {
      method: 'get',
      path: '/history',
      right: 'view',
      scope: 'domain',
      async handle({ operator, query }): Promise<OpsHistory> {
        const range = valueIn(query, 'range', OpsRange, OpsRange.options.join(', ')) ?? '1h'
        const read = charts.get(range) as () => Promise<OpsHistory>
        return ofDomains(await read(), operator, targets)
      },
    },
  ]
}

/** One read for all who ask within so long after it began; one that failed is no answer for others. */
function readAtMost<Read>(everyMs: number, read: () => Promise<Read>): () => Promise<Read> {
  let last: { readonly until: number; readonly read: Promise<Read> } | undefined
  return () => {
    if (last && performance.now() < last.until) return last.read
    const now = { until: performance.now() + everyMs, read: read() }
    last = now
    now.read.catch(() => {
      if (last === now) last = undefined
    })
    return now.read
  }
}

/** What somebody may see who is there for some domains only. */
function ofDomains(history: OpsHistory, operator: Operator, targets: HistoryRouteDeps['targets']): OpsHistory {
  if (operator.domains === '*') return history
  const isTheirs = (name: string): boolean =>
    targets.some((one) => (name === one.name || name.startsWith(`${one.name}@`)) && may(operator, 'view', one.domain))
  return {
    ...history,
    fetchP95Ms: Object.fromEntries(
      Object.entries(history.fetchP95Ms).filter(([domain]) => may(operator, 'view', domain as Domain)),
    ) as OpsHistory['fetchP95Ms'],
    targetLagMs: Object.fromEntries(Object.entries(history.targetLagMs).filter(([name]) => isTheirs(name))),
  }
}
