import { Page } from '../../ui/page.tsx'

export function QueuesView() {
  return <Page title="Queues">Nothing here yet.</Page>
}
