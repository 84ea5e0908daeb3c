import type { V1Contact } from '@rollcall/roster'
import { presenceOf } from './presence.ts'

export interface Difference {
  readonly what: 'name' | 'groups' | 'subscription'
  /** Empty: there was none. */
  readonly before: string
  readonly after: string
}

/** In what a contact is another one than before. */
export function differencesOf(before: V1Contact, after: V1Contact): readonly Difference[] {
  const all: readonly Difference[] = [
    { what: 'name', before: before.name ?? '', after: after.name ?? '' },
    { what: 'groups', before: before.groups.join(', '), after: after.groups.join(', ') },
    { what: 'subscription', before: presenceOf(before), after: presenceOf(after) },
  ]
  return all.filter((one) => one.before !== one.after)
}
