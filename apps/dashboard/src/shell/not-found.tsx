import { Link } from '@tanstack/react-router'
import { Page } from '../ui/page.tsx'
import { Empty } from '../ui/states.tsx'

export function NotFound() {
  return (
    <Page title="Not found">
      <Empty title="There is no view at this address.">
        Look at the address, or go to the <Link to="/">Overview</Link>.
      </Empty>
    </Page>
  )
}
