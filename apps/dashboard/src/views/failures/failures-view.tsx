import { Page } from '../../ui/page.tsx'

export function FailuresView() {
  return <Page title="Failures">Nothing here yet.</Page>
}
