import {
  type BareJid,
  type Contact,
  type Domain,
  parseBareJid,
  type Subscription,
  type User,
  userFromJid,
} from '@rollcall/roster'
import type { TargetConfig } from '@rollcall/runtime'
import { ejabberdHttp } from '../../apps/gateway/src/targets/ejabberd-http.ts'

export const targetFor = (url: string, config: Partial<TargetConfig<'ejabberd-http'>> = {}) =>
  ejabberdHttp(
    {
      type: 'ejabberd-http',
      name: 'ejabberd',
      domain: 'localhost' as Domain,
      url,
      headers: {},
      timeoutMs: 10_000,
      backoffMs: 1_000,
      maxBackoffMs: 60_000,
      dryRun: false,
      owns: 'all',
      drift: 'mend',
      driftIntervalS: 86_400,
      maxPerSecond: 200,
      concurrency: 8,
      ...config,
    },
    { version: '0.0.0' },
  )

export function jid(text: string): BareJid {
  const parsed = parseBareJid(text)
  if (parsed.kind === 'invalid') throw new Error(`${text}: ${parsed.reason}`)
  return parsed.jid
}

export const user = (text: string): User => userFromJid(jid(text))

export const contact = (
  text: string,
  name = '',
  groups: readonly string[] = [],
  subscription: Subscription = 'both',
): Contact => ({ jid: jid(text), groups, subscription, ...(name !== '' && { name }) })

/** For what should end long before. */
export const soon = (): AbortSignal => AbortSignal.timeout(20_000)
