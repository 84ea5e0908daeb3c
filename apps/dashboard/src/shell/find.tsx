import { useNavigate } from '@tanstack/react-router'
import type { Ref } from 'react'
import { Icon } from '../ui/icon.tsx'
import styles from './find.module.css'

/** Finds users by how their names begin, wherever one is: Enter leads to the list. */
export function Find({ ref }: { readonly ref: Ref<HTMLInputElement> }) {
  const navigate = useNavigate()
  const find = (form: FormData) => {
    const prefix = String(form.get('prefix')).trim()
    void navigate({ to: '/users', search: prefix === '' ? {} : { prefix } })
  }
  return (
    <search className={styles.find}>
      <form action={find}>
        <Icon name="find" />
        <input
          ref={ref}
          name="prefix"
          type="search"
          className={styles.input}
          aria-label="Find users by the beginning of their names"
          aria-keyshortcuts="/"
          placeholder="Find a user"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
        <kbd className={styles.key}>/</kbd>
      </form>
    </search>
  )
}
