import { oneOf, present } from '../../search.ts'

/** Which of its users are listed. */
export const refreshSearch = (search: Record<string, unknown>) =>
  present({ state: oneOf(search.state, ['updated', 'failed', 'pending']) })
