import { Page } from '../../ui/page.tsx'

export function ChangesView() {
  return <Page title="Changes">Nothing here yet.</Page>
}
