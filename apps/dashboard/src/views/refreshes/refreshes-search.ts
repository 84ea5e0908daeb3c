import { oneOf, present, textOf } from '../../search.ts'

export const refreshesSearch = (search: Record<string, unknown>) =>
  present({
    state: oneOf(search.state, ['running', 'done']),
    caller: textOf(search.caller),
    domain: textOf(search.domain),
  })
