import type { BareJid, Contact, Domain, Roster, User, Username } from '@rollcall/roster'
import { userOf } from '@rollcall/roster'
import { createLog, type TargetConfig } from '@rollcall/runtime'
import { onTestFinished } from 'vitest'
import type { RosterTarget, TargetDeps } from '../../apps/gateway/src/targets/target.ts'
import { xep0356 } from '../../apps/gateway/src/targets/xep-0356.ts'
import type { Prosody } from './prosody.ts'

const log = createLog({ level: 'silent', name: 'test' })
const deps: TargetDeps = { version: 'test', log }

type Settings = Partial<TargetConfig<'xep-0356'>>

const configOf = (server: Prosody['target'], settings: Settings = {}): TargetConfig<'xep-0356'> => ({
  name: 'prosody',
  timeoutMs: 10_000,
  backoffMs: 1_000,
  maxBackoffMs: 60_000,
  dryRun: false,
  owns: 'all',
  drift: 'mend',
  driftIntervalS: 86_400,
  maxPerSecond: 200,
  concurrency: 16,
  ...server,
  domain: server.domain as Domain,
  component: server.component as Domain,
  ...settings,
})

/** Not connected yet. */
export function targetOf(
  server: Prosody['target'],
  settings: Settings = {},
  more: Partial<TargetDeps> = {},
): RosterTarget {
  const target = xep0356(configOf(server, settings), { ...deps, ...more })
  onTestFinished(() => target.close())
  return target
}

export async function connected(
  server: Prosody,
  settings?: Settings,
  more?: Partial<TargetDeps>,
): Promise<RosterTarget> {
  const target = targetOf(server.target, settings, more)
  await target.check?.(soon())
  return target
}

export const soon = () => AbortSignal.timeout(10_000)
export const user = (name: string): User => userOf(name as Username, 'example.org' as Domain)
export const jid = (name: string) => `${name}@example.org` as BareJid
export const contact = (name: string, more: Partial<Contact> = {}): Contact => ({
  jid: jid(name),
  groups: [],
  subscription: 'both',
  ...more,
})
export const rosterOf = (...contacts: Contact[]): Roster => new Map(contacts.map((each) => [each.jid, each]))
export const [john, aaron] = [user('john'), user('aaron')]

export async function putAll(target: RosterTarget, whose: User, contacts: Iterable<Contact>): Promise<void> {
  for (const each of contacts) await target.put(whose, each, soon())
}

/** For a request that something else has to end. */
export const never = () => new AbortController().signal
