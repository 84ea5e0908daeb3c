import { Page } from '../../ui/page.tsx'

export function SettingsView() {
  return <Page title="Settings">Nothing here yet.</Page>
}
