import { useQuery } from '@tanstack/react-query'
import { ApiError } from '../../data/api-error.ts'
import { jobQuery } from '../../data/queues.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { Empty, ErrorState, Loading } from '../../ui/states.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import styles from './jobs.module.css'

interface JobDialogProps {
  readonly shard: number
  readonly id: string
  readonly onClose: () => void
}

/** A job as BullMQ keeps it, to read. */
export function JobDialog({ shard, id, onClose }: JobDialogProps) {
  const job = useQuery(jobQuery(shard, id))
  return (
    <Dialog isOpen onClose={onClose} title={`Job ${id}`} size="wide">
      {job.data ? (
        <>
          <p>
            <StatusBadge tone="idle">{job.data.state}</StatusBadge>
          </p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it can be scrolled by keyboard */}
          <section className={styles.raw} tabIndex={0} aria-label="The job as JSON">
            <pre>{JSON.stringify(job.data.job, null, 2)}</pre>
          </section>
        </>
      ) : job.isPending ? (
        <Loading what="the job" />
      ) : job.error instanceof ApiError && job.error.status === 404 ? (
        <Empty title="This job is gone">
          Jobs are taken away when they are done: what came of it stands at its user.
        </Empty>
      ) : (
        <ErrorState title="The job cannot be shown" error={job.error} onRetry={() => void job.refetch()} />
      )}
    </Dialog>
  )
}
