import { Page } from '../../ui/page.tsx'

export function RefreshView() {
  return <Page title="Refresh">Nothing here yet.</Page>
}
