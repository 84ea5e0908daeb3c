import type { Fetch } from '@rollcall/runtime'

/** The fetch of a user of whom a roster is stored, as it has begun. */
export const BEGUN: Fetch = {
  kind: 'begun',
  generation: 1,
  fence: 1,
  nonce: '',
  source: {},
  etag: 'of before',
  body: '{}',
  askedAt: 17,
}
