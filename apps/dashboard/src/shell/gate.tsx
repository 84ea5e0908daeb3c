import type { ReactNode } from 'react'
import { useSession } from '../data/session.ts'
import { ErrorState, Loading } from '../ui/states.tsx'
import { LoginView } from '../views/login/login-view.tsx'
import styles from './gate.module.css'

/** Whoever is not logged in comes to the login first, and then to the address that they wanted. */
export function Gate({ children }: { readonly children: ReactNode }) {
  const { data: session, error, refetch } = useSession()
  if (session) return children
  if (session === null) return <LoginView />
  return (
    <main className={styles.alone}>
      {error ? (
        <ErrorState title="The api does not say who you are" error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading what="the dashboard" />
      )}
    </main>
  )
}
