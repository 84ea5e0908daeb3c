import { oneOf, present } from '../../search.ts'

/** How far the charts go back. */
export const overviewSearch = (search: Record<string, unknown>) =>
  present({ range: oneOf(search.range, ['1h', '6h', '24h', '7d']) })
