import {
  type BareJid,
  type Contact,
  printable,
  type Roster,
  splitBareJid,
  type TargetFailureCode,
  type User,
} from '@rollcall/roster'
import type { TargetConfig } from '@rollcall/runtime'
import { accounts } from './ejabberd-http-accounts.ts'
import { ejabberdApi, ofScope } from './ejabberd-http-api.ts'
import {
  checkCommands,
  checkDomain,
  findGroupsForm,
  GROUP_SEPARATOR,
  type GroupsForm,
  groupsArgument,
} from './ejabberd-http-check.ts'
import { refuseMistakenContact, refuseMistakenUser } from './ejabberd-http-names.ts'
import { readRoster } from './ejabberd-http-rosters.ts'
import { type RosterTarget, type TargetDeps, TargetError } from './target.ts'

/**
 * ejabberd by its HTTP API (mod_http_api with the commands of mod_admin_extra). Clients that are online get roster pushes,
 * and presence is exchanged at once.
 */
export function ejabberdHttp(
  config: TargetConfig<'ejabberd-http'>,
  { version }: Pick<TargetDeps, 'version'>,
): RosterTarget {
  const { domain } = config
  const api = ejabberdApi(config, version)
  const account = accounts(api)
  /** Undefined until it is found out, and again when ejabberd refuses our arguments: it may be another one by now. */
  let groupsForm: GroupsForm | undefined

  async function check(signal: AbortSignal): Promise<void> {
    try {
      await checkDomain(api, domain, signal)
      await checkCommands(api, domain, signal)
      groupsForm = await findGroupsForm(api, domain, signal)
    } catch (error) {
      throw error instanceof TargetError && error.scope === 'user' ? ofScope('target', error) : error
    }
  }

  async function get(user: User, signal: AbortSignal): Promise<Roster> {
    refuseMistakenUser(user)
    const answer = await api.call('get_roster', { user: user.username, host: user.domain }, signal)
    if (answer.kind === 'refused') throw refusal('get_roster', user.jid, answer.message, 'target-user-unknown')
    const roster = readRoster(answer.result)
    if (roster !== null) {
      if (roster.size > 0) account.remember(user)
      return roster
    }
    const message = `What ejabberd has for the roster of ${printable(user.jid)} makes no sense`
    throw new TargetError('target-answer-invalid', message, { scope: 'user', isTemporary: true })
  }

  async function put(user: User, contact: Contact, signal: AbortSignal): Promise<void> {
    refuseMistakenContact(contact)
    await account.check(user, signal)
    groupsForm ??= await findGroupsForm(api, domain, signal)
    if (groupsForm === 'text') refuseUnsayableGroup(contact)
    const item = { nick: contact.name ?? '', subs: contact.subscription, ...groupsArgument(groupsForm, contact.groups) }
    await write('add_rosteritem', contact.jid, { ...namesOf(user, contact.jid), ...item }, signal)
  }

  async function remove(user: User, contact: BareJid, signal: AbortSignal): Promise<void> {
    await account.check(user, signal)
    await write('delete_rosteritem', contact, namesOf(user, contact), signal)
  }

  async function write(command: string, contact: BareJid, args: object, signal: AbortSignal): Promise<void> {
    const answer = await api.call(command, args, signal).catch((error: unknown) => {
      // Whether it was written is not known: this user has to be looked at again.
      throw error instanceof TargetError && error.code === 'target-timeout' ? ofScope('user', error) : error
    })
    if (answer.kind === 'refused') throw refusal(command, contact, answer.message, 'target-refused')
    if (answer.result === 0) return
    const message = `ejabberd did not carry out ${command} of ${printable(contact)}: its log may say why`
    throw new TargetError('target-refused', message, { scope: 'user', isTemporary: true })
  }

  function refusal(command: string, of: BareJid, message: string, code: TargetFailureCode): TargetError {
    const said = `ejabberd refuses ${command} of ${printable(of)} (${printable(message)})`
    if (!/argument/.test(message)) return new TargetError(code, said, { scope: 'user', isTemporary: false })
    groupsForm = undefined
    return new TargetError('target-answer-invalid', `${said}: is it another version now?`)
  }

  return { kind: 'roster', check, get, put, remove, removalTouchesContact: true, close: api.close }
}

function namesOf(user: User, contact: BareJid) {
  const { username = '', domain } = splitBareJid(contact)
  return { localuser: user.username, localhost: user.domain, user: username, host: domain }
}

function refuseUnsayableGroup({ jid, groups }: Contact): void {
  const group = groups.find((name) => name.includes(GROUP_SEPARATOR))
  if (group === undefined) return
  const message = `The group "${printable(group)}" of ${printable(jid)} has a "${GROUP_SEPARATOR}", with which this ejabberd separates groups: it takes it from 24.02 on`
  throw new TargetError('target-refused', message, { scope: 'user', isTemporary: false })
}
