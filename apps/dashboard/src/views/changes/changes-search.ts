import { present, textOf } from '../../search.ts'

export const changesSearch = (search: Record<string, unknown>) =>
  present({ domain: textOf(search.domain), user: textOf(search.user) })
