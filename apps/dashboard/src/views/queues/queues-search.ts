import { oneOf, present, textOf } from '../../search.ts'

/** Whose jobs are shown, and which of them. */
export const queuesSearch = (search: Record<string, unknown>) =>
  present({
    shard: textOf(search.shard),
    state: oneOf(search.state, ['active', 'prioritized', 'waiting', 'delayed', 'failed']),
    job: textOf(search.job),
    sort: textOf(search.sort),
  })
