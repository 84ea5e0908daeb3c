import { LOOKED_AT } from './play.ts'

export interface PicturedView {
  /** Of the file. */
  readonly name: string
  /** Below /ops. */
  readonly path: string
}

export const LOGIN = 'login'

/** Every view of the dashboard, and every tab that is a page of its own. `refresh` is the id of the one that runs. */
export const picturedViews = (refresh: string): readonly PicturedView[] => [
  { name: 'overview', path: '/' },
  { name: 'users', path: '/users?prefix=ma' },
  { name: 'user', path: `/users/${LOOKED_AT.jid}` },
  { name: 'refreshes', path: '/refreshes' },
  { name: 'refresh', path: `/refreshes/${refresh}` },
  { name: 'failures', path: '/failures' },
  { name: 'changes', path: '/changes?domain=example.org' },
  { name: 'queues', path: '/queues?shard=0&state=delayed' },
  { name: 'processes', path: '/processes' },
  { name: 'settings', path: '/settings' },
  { name: 'tokens', path: '/settings?tab=tokens' },
  { name: 'audit', path: '/settings?tab=audit' },
]
