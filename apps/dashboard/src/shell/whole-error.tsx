import { ErrorState } from '../ui/states.tsx'

/** In place of everything, when even what is around the views throws: words, and a way on. */
export const WholeError = ({ error }: { readonly error: Error }) => (
  <ErrorState
    title="The dashboard cannot be shown"
    error={`That is a bug of the dashboard: ${error.message}. Rollcall itself is not touched by it.`}
    onRetry={() => window.location.reload()}
  />
)
