import { Page } from '../../ui/page.tsx'

export function ProcessesView() {
  return <Page title="Processes">Nothing here yet.</Page>
}
