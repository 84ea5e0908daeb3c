import { type ErrorComponentProps, useRouter } from '@tanstack/react-router'
import { Card } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
import { ErrorState } from '../ui/states.tsx'
import { isFileMissing } from './is-file-missing.ts'

/** In place of a view that threw, or whose file could not be loaded; everything around it goes on. */
export function ViewError({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  return (
    <Page title="This view cannot be shown">
      <Card>
        {isFileMissing(error) ? (
          <ErrorState
            title="Its file cannot be loaded"
            error="The api is away, or it has been replaced by another version since this page was loaded. Loading the page again helps as soon as the api answers."
            onRetry={() => window.location.reload()}
          />
        ) : (
          <ErrorState
            title="That is a bug of the dashboard"
            error={error}
            onRetry={() => {
              reset()
              void router.invalidate()
            }}
          />
        )}
      </Card>
    </Page>
  )
}
