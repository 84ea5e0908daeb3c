import { Component, type ReactNode } from 'react'

interface BoundaryProps {
  readonly children: ReactNode
  /** What is shown in place of what threw. */
  readonly instead: (error: Error) => ReactNode
}

/** What throws in it takes nothing else with it. */
export class Boundary extends Component<BoundaryProps, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {}

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override render() {
    const { error } = this.state
    return error === undefined ? this.props.children : this.props.instead(error)
  }
}
