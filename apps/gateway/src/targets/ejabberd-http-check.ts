import { type Domain, printable } from '@rollcall/roster'
import type { EjabberdApi } from './ejabberd-http-api.ts'
import { TargetError } from './target.ts'

/** How add_rosteritem takes groups: as one text (API version 0, all that 23.10 and older have), or as a list. */
export type GroupsForm = 'text' | 'list'

const FORMS: readonly GroupsForm[] = ['list', 'text']

export const groupsArgument = (form: GroupsForm, groups: readonly string[]) =>
  form === 'list' ? { groups } : { group: groups.join(GROUP_SEPARATOR) }

export const GROUP_SEPARATOR = ';'

/** Throws a TargetError when ejabberd does not serve this domain. */
export async function checkDomain(api: EjabberdApi, domain: Domain, signal: AbortSignal): Promise<void> {
  const answer = await api.call('registered_vhosts', {}, signal)
  if (answer.kind === 'refused' || !Array.isArray(answer.result)) throw senseless('registered_vhosts')
  if (answer.result.includes(domain)) return
  const served = printable(answer.result.join(', '))
  throw new TargetError('target-domain-unknown', `ejabberd does not serve ${domain}, but ${served}`)
}

/** Throws a TargetError when ejabberd does not let us use a command that is needed. */
export async function checkCommands(api: EjabberdApi, domain: Domain, signal: AbortSignal): Promise<void> {
  await api.call('check_account', { user: NOBODY, host: domain }, signal)
  await api.call('get_roster', { user: NOBODY, host: domain }, signal)
  await api.call('delete_rosteritem', { localuser: NOBODY, localhost: domain, user: NOBODY, host: domain }, signal)
}

/** Finds out what add_rosteritem takes: whatever it says of other arguments, the right ones are refused for their user. */
export async function findGroupsForm(api: EjabberdApi, domain: Domain, signal: AbortSignal): Promise<GroupsForm> {
  const contact = { user: NOBODY, host: domain, nick: '', subs: 'none' }
  for (const form of FORMS) {
    const args = { localuser: NOBODY, localhost: domain, ...contact, ...groupsArgument(form, []) }
    const answer = await api.call('add_rosteritem', args, signal)
    if (answer.kind === 'refused' && /'localuser'/.test(answer.message)) return form
  }
  throw senseless('add_rosteritem')
}

/** No JID has it, so that whatever is asked for it is refused, and nothing is read or written. */
const NOBODY = '@'

const senseless = (command: string): TargetError =>
  new TargetError('target-answer-invalid', `ejabberd answered ${command} with something that makes no sense`)
