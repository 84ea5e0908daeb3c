import { Page } from '../../ui/page.tsx'

export function RefreshesView() {
  return <Page title="Refreshes">Nothing here yet.</Page>
}
