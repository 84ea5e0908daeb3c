import { getRouteApi } from '@tanstack/react-router'
import { Page } from '../../ui/page.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { Audit } from './audit.tsx'
import { Configuration } from './configuration.tsx'
import { Tokens } from './tokens.tsx'

const route = getRouteApi('/settings')

export function SettingsView() {
  const { tab = 'configuration' } = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <Page title="Settings">
      <Tabs
        label="Settings"
        value={tab}
        onChange={(chosen) => void navigate({ search: { tab: chosen } })}
        tabs={[
          { value: 'configuration', label: 'Configuration', content: <Configuration /> },
          { value: 'tokens', label: 'Tokens', content: <Tokens /> },
          { value: 'audit', label: 'Audit log', content: <Audit /> },
        ]}
      />
    </Page>
  )
}
