import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { parseSearch, stringifySearch } from './search.ts'
import { NotFound } from './shell/not-found.tsx'
import { Shell } from './shell/shell.tsx'
import { ViewError } from './shell/view-error.tsx'
import { changesSearch } from './views/changes/changes-search.ts'
import { failuresSearch } from './views/failures/failures-search.ts'
import { overviewSearch } from './views/overview/overview-search.ts'
import { processesSearch } from './views/processes/processes-search.ts'
import { queuesSearch } from './views/queues/queues-search.ts'
import { refreshSearch } from './views/refresh/refresh-search.ts'
import { refreshesSearch } from './views/refreshes/refreshes-search.ts'
import { settingsSearch } from './views/settings/settings-search.ts'
import { userSearch } from './views/user/user-search.ts'
import { usersSearch } from './views/users/users-search.ts'

// Each view is a file of its own, loaded when it is first gone to. A view asks for its part of the address by
// getRouteApi('/users').useSearch() and the like.
const root = createRootRoute({ component: Shell })
const getParentRoute = () => root

const views = [
  createRoute({
    getParentRoute,
    path: '/',
    validateSearch: overviewSearch,
    component: lazyRouteComponent(() => import('./views/overview/overview-view.tsx'), 'OverviewView'),
  }),
  createRoute({
    getParentRoute,
    path: '/users',
    validateSearch: usersSearch,
    component: lazyRouteComponent(() => import('./views/users/users-view.tsx'), 'UsersView'),
  }),
  createRoute({
    getParentRoute,
    path: '/users/$jid',
    validateSearch: userSearch,
    component: lazyRouteComponent(() => import('./views/user/user-view.tsx'), 'UserView'),
  }),
  createRoute({
    getParentRoute,
    path: '/refreshes',
    validateSearch: refreshesSearch,
    component: lazyRouteComponent(() => import('./views/refreshes/refreshes-view.tsx'), 'RefreshesView'),
  }),
  createRoute({
    getParentRoute,
    path: '/refreshes/$id',
    validateSearch: refreshSearch,
    component: lazyRouteComponent(() => import('./views/refresh/refresh-view.tsx'), 'RefreshView'),
  }),
  createRoute({
    getParentRoute,
    path: '/failures',
    validateSearch: failuresSearch,
    component: lazyRouteComponent(() => import('./views/failures/failures-view.tsx'), 'FailuresView'),
  }),
  createRoute({
    getParentRoute,
    path: '/changes',
    validateSearch: changesSearch,
    component: lazyRouteComponent(() => import('./views/changes/changes-view.tsx'), 'ChangesView'),
  }),
  createRoute({
    getParentRoute,
    path: '/queues',
    validateSearch: queuesSearch,
    component: lazyRouteComponent(() => import('./views/queues/queues-view.tsx'), 'QueuesView'),
  }),
  createRoute({
    getParentRoute,
    path: '/processes',
    validateSearch: processesSearch,
    component: lazyRouteComponent(() => import('./views/processes/processes-view.tsx'), 'ProcessesView'),
  }),
  createRoute({
    getParentRoute,
    path: '/settings',
    validateSearch: settingsSearch,
    component: lazyRouteComponent(() => import('./views/settings/settings-view.tsx'), 'SettingsView'),
  }),
] as const

export const router = createRouter({
  routeTree: root.addChildren(views),
  basepath: '/ops',
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  defaultErrorComponent: ViewError,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
