import { createLog, loadConfig, type TargetConfig, type TargetType } from '@rollcall/runtime'
import type { Notification, TargetDeps } from '../../apps/gateway/src/targets/target.ts'
import { userNamed } from './backend-client.ts'

/** Of the domain `example.org`, as the configuration makes it. */
export function targetConfig<T extends TargetType>(type: T, settings: object): TargetConfig<T> {
  const TARGETS = JSON.stringify({ [type]: { type, ...settings } })
  const config = loadConfig({
    env: { HTTP_ROSTER_URL: 'http://127.0.0.1:8090/%s', XMPP_DOMAIN: 'example.org', TARGETS },
    cwd: '/',
    readFile: () => null,
  })
  return config.targets[0] as TargetConfig<T>
}

export const targetDeps: TargetDeps = {
  version: '1.2.3',
  log: createLog({ level: process.env.TEST_LOG_LEVEL ?? 'silent', name: 'test' }),
}

/** Something of this user has changed; what, is not known. */
export const changeOf = (username: string, change: Partial<Notification> = {}): Notification => ({
  id: `0-1700000000000-${username}`,
  user: userNamed(username),
  at: 1_700_000_000_000,
  version: 1,
  change: null,
  ...change,
})

/** What is thrown; undefined: nothing. */
export const failureOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => undefined,
    (error: unknown) => error,
  )
