import type { OpsRefreshState } from '@rollcall/roster'
import { oneOf, present, textOf } from '../../search.ts'

/** In the order in which they are offered; the schema itself would bring zod into the page. */
export const REFRESH_STATES = ['running', 'done', 'failed', 'cancelled'] as const satisfies readonly OpsRefreshState[]

export const refreshesSearch = (search: Record<string, unknown>) =>
  present({
    state: oneOf(search.state, REFRESH_STATES),
    caller: textOf(search.caller),
    domain: textOf(search.domain),
  })
