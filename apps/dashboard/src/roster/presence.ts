import type { V1Contact } from '@rollcall/roster'

/** The subscription in the words of RFC 6121, and what is still open: `to, asked`, `none, approved`. */
export const presenceOf = ({ subscription, ask, approved }: V1Contact): string =>
  [subscription, ask && 'asked', approved && 'approved'].filter(Boolean).join(', ')
