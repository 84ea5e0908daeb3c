import { oneOf, present, textOf } from '../../search.ts'

export const USER_TABS = ['roster', 'changes', 'deliveries'] as const

/** What is shown of a user, and what its contacts are filtered by. */
export const userSearch = (search: Record<string, unknown>) =>
  present({ tab: oneOf(search.tab, USER_TABS), find: textOf(search.find) })
