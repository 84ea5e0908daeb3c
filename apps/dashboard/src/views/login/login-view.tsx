import { type FormEvent, useState } from 'react'
import { useLogin, useWhyLoggedOut } from '../../data/session.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { useTitle } from '../../ui/page.tsx'
import styles from './login-view.module.css'

/** In place of every view, for whoever is not logged in. */
export function LoginView() {
  useTitle('Log in')
  const login = useLogin()
  const why = useWhyLoggedOut()
  const [problem, setProblem] = useState<string>()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const token = String(new FormData(event.currentTarget).get('token')).trim()
    if (token === '') return setProblem('Write a token.')
    setProblem(undefined)
    login.mutate({ token }, { onError: (error) => setProblem(error.message) })
  }
  return (
    <main className={styles.login}>
      <h1 className={styles.brand}>
        <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width="32" height="32" /> Rollcall
      </h1>
      {why !== undefined && <Note tone="bad">{why}.</Note>}
      <Card>
        <form className={styles.form} onSubmit={submit} noValidate>
          <Field
            label="Token"
            error={problem}
            hint={
              <>
                One of <code>TOKENS</code> with the right <code>view</code> (to look) or <code>operate</code> (to act),
                or one that was made under Settings. <code>npm run token</code> makes one.
              </>
            }
          >
            <Input name="token" type="password" autoComplete="current-password" autoFocus required />
          </Field>
          <Button kind="primary" type="submit" icon="key" isBusy={login.isPending}>
            Log in
          </Button>
        </form>
      </Card>
    </main>
  )
}
