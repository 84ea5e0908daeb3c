import { present, textOf } from '../../search.ts'

/** What the list of users is filtered by: the beginning of a username, and a domain. */
export const usersSearch = (search: Record<string, unknown>) =>
  present({ prefix: textOf(search.prefix), domain: textOf(search.domain) })
