import { Page } from '../../ui/page.tsx'

export function UserView() {
  return <Page title="User">Nothing here yet.</Page>
}
