import { Page } from '../../ui/page.tsx'

export function UsersView() {
  return <Page title="Users">Nothing here yet.</Page>
}
