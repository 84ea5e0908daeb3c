import type { OpsSnapshot } from '@rollcall/roster'
import { useLive } from '../../data/live.tsx'
import { Card } from '../../ui/card.tsx'
import { Page } from '../../ui/page.tsx'
import { Loading } from '../../ui/states.tsx'
import { BackendsCard } from './backends-card.tsx'
import { ChartsSection } from './charts-section.tsx'
import { ErrorsCard } from './errors-card.tsx'
import { Figures } from './figures.tsx'
import { HealthWords } from './health-words.tsx'
import styles from './overview-view.module.css'
import { ProcessesCard } from './processes-card.tsx'
import { RedisCard } from './redis-card.tsx'
import { RunningCard } from './running-card.tsx'
import { TargetsCard } from './targets-card.tsx'

/** Is it well, in one glance; every number leads to its list. */
export function OverviewView() {
  const snapshot = useLive((live) => live.snapshot)
  return (
    <Page title="Overview">
      {snapshot === undefined ? (
        <Card>
          <Loading what="how Rollcall is" lines={8} />
        </Card>
      ) : (
        <>
          <HealthWords snapshot={snapshot} />
          {snapshot.isKnown ? <Numbers snapshot={snapshot} /> : <RedisCard redis={snapshot.redis} />}
        </>
      )}
      <ChartsSection />
    </Page>
  )
}

const Numbers = ({ snapshot }: { readonly snapshot: OpsSnapshot }) => (
  <>
    <Figures snapshot={snapshot} />
    <div className={styles.columns}>
      <div className={styles.column}>
        <BackendsCard backends={snapshot.backends} />
        <ErrorsCard errors={snapshot.errors} />
      </div>
      <div className={styles.column}>
        <ProcessesCard processes={snapshot.processes} areHeard={snapshot.redis.reason === undefined} />
        <TargetsCard targets={snapshot.targets} />
        <RedisCard redis={snapshot.redis} />
      </div>
    </div>
    <RunningCard running={snapshot.running} />
  </>
)
