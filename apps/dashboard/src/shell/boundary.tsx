import { Component, type ReactNode } from 'react'
import { ErrorState } from '../ui/states.tsx'

/** Around all: when even what is around the views throws, there are words, and a way on. */
export class Boundary extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {}

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override render() {
    if (this.state.error === undefined) return this.props.children
    return (
      <ErrorState
        title="The dashboard cannot be shown"
        error={`That is a bug of the dashboard: ${this.state.error.message}. Rollcall itself is not touched by it.`}
        onRetry={() => window.location.reload()}
      />
    )
  }
}
