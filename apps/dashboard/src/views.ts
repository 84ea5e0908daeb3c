import type { IconName } from './ui/icon.tsx'

/** The views that one goes to; a user and a refresh are below theirs. In the order of the navigation. */
export const VIEWS = [
  { to: '/', title: 'Overview', icon: 'overview', key: 'o' },
  { to: '/users', title: 'Users', icon: 'users', key: 'u' },
  { to: '/refreshes', title: 'Refreshes', icon: 'refreshes', key: 'r' },
  { to: '/failures', title: 'Failures', icon: 'failures', key: 'f' },
  { to: '/changes', title: 'Changes', icon: 'changes', key: 'c' },
  { to: '/queues', title: 'Queues', icon: 'queues', key: 'q' },
  { to: '/processes', title: 'Processes', icon: 'processes', key: 'p' },
  { to: '/settings', title: 'Settings', icon: 'settings', key: 's' },
] as const satisfies readonly { to: string; title: string; icon: IconName; key: string }[]

export type View = (typeof VIEWS)[number]
