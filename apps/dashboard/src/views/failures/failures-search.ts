import { present, textOf } from '../../search.ts'

export const failuresSearch = (search: Record<string, unknown>) =>
  present({ code: textOf(search.code), domain: textOf(search.domain), sort: textOf(search.sort) })
