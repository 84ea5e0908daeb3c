import { oneOf, present, textOf } from '../../search.ts'

/** `sort` is the name of a column, with - in front when the largest comes first. */
export const processesSearch = (search: Record<string, unknown>) =>
  present({ role: oneOf(search.role, ['api', 'worker', 'gateway']), sort: textOf(search.sort) })
