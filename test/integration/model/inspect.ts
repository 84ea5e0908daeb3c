import { isDeepStrictEqual } from 'node:util'
import { type BareJid, readContactsBody } from '@rollcall/roster'
import { parseNotice, type RosterStore, type StoredRoster, type UserState } from '@rollcall/runtime'
import { type Expectation, settlementOf } from '../../../apps/api/src/settlements.ts'
import { serialOf } from './serial-rosters.ts'
import type { RealRequest, Truth } from './truth.ts'

export interface Published {
  readonly replica: string
  readonly text: string
}

/** Those who are to be repaired, and the groups of those whose last fetch failed. */
export interface FailedUsers {
  readonly toBeRepaired: readonly string[]
  readonly groups: readonly { readonly name: string; readonly users: readonly string[] }[]
}

/** Reads what Redis has now, and holds it and what was published in this step against the truth. */
export async function inspect(
  store: RosterStore,
  failed: FailedUsers,
  published: readonly Published[],
  truth: Truth,
): Promise<void> {
  const { users } = truth
  const [{ epoch, states }, ...rosters] = await Promise.all([
    store.states(0, users),
    ...users.map((jid) => store.read(jid)),
  ])
  users.forEach((jid, i) => {
    const state = states[i]
    if (!state) throw new Error(`No state of ${jid}`)
    inspectRoster(jid, state, rosters[i] ?? null, truth)
    inspectFailure(jid, state, failed, truth)
    inspectMessages(jid, { ...state, epoch }, published, truth)
    for (const request of truth.requests) {
      if (request.accepted?.losses !== truth.losses() || !request.generations.has(jid)) continue
      inspectAnswer(request, jid, { ...state, epoch }, published, truth)
    }
  })
}

function inspectFailure(jid: BareJid, state: UserState, { toBeRepaired, groups }: FailedUsers, truth: Truth): void {
  const isFailed = state.failed > state.fetched
  if (isFailed !== toBeRepaired.includes(jid) && !(isFailed && isLeftAlone(jid, state, truth)))
    truth.violated('R', `${jid}: fetched ${state.fetched}, failed ${state.failed}; to be repaired: ${toBeRepaired}`)
  const domain = jid.slice(jid.indexOf('@') + 1)
  const kind = isUnknown(jid, state, truth) ? 'never-known' : state.code
  const expected = isFailed && !truth.of(jid).leftAlone ? [`${kind}:${domain}`] : []
  const found = groups.flatMap(({ name, users }) => (users.includes(jid) ? [name] : []))
  if (!isDeepStrictEqual(found, expected))
    truth.violated('F', `${jid} is in the groups [${found}] of failed users, and should be in [${expected}]`)
}

/** Nothing is stored, and the backend knows no such user; or somebody wants it so. */
export const isLeftAlone = (jid: BareJid, state: UserState, truth: Truth): boolean =>
  isUnknown(jid, state, truth) || truth.of(jid).leftAlone

const isUnknown = (jid: BareJid, { code }: UserState, truth: Truth): boolean =>
  !truth.isStored(jid) && code === 'user-unknown'

function inspectRoster(jid: BareJid, state: UserState, roster: StoredRoster | null, truth: Truth): void {
  const { stored, dropped, commits } = truth.of(jid)
  const expected = dropped ? null : (stored?.serial ?? null)
  const serial = roster && serialOf(readContactsBody(roster.body.toString()))
  if (serial !== expected)
    truth.violated('G4', `${jid} has roster ${serial} stored, but ${expected} is what was done last`)
  if (state.fetched !== (stored?.generation ?? 0))
    truth.violated('I', `${jid} has fetched ${state.fetched}, its roster generation ${stored?.generation}`)
  if (state.version !== commits) truth.violated('G6', `${jid} has version ${state.version} after ${commits} commits`)
}

type State = UserState & { readonly epoch: string }

/** A message is the state that its user has when it is published. */
function inspectMessages(jid: BareJid, state: State, published: readonly Published[], truth: Truth): void {
  for (const { text } of published) {
    const notice = parseNotice(text)
    if (notice.jid === jid && !isDeepStrictEqual(notice, { jid, ...state }))
      truth.violated('T', `the message ${JSON.stringify(notice)} is not the state ${JSON.stringify(state)}`)
  }
}

/** What whoever waits for this request would be told now. */
function inspectAnswer(
  request: RealRequest,
  jid: BareJid,
  state: State,
  published: readonly Published[],
  truth: Truth,
): void {
  const { name, accepted, stateSaid } = request
  const expected = expectationOf(request, jid)
  if (!accepted || !expected) return
  const before = stateSaid.get(jid)
  const settlement = settlementOf(state, expected, true)
  if (!settlement) return
  stateSaid.set(jid, settlement)
  const { stored, lastFailedBegunAt } = truth.of(jid)
  if (settlement.kind === 'updated') {
    const isFresh = stored && stored.readAt >= accepted.at && stored.serial >= (request.serials.get(jid) ?? 0)
    if (!isFresh)
      truth.violated(
        before?.kind === 'updated' ? 'G1f' : 'G1',
        `${name}: ${jid} "updated", but read before the request`,
      )
  } else if (settlement.code === 'store-reset') {
    truth.violated('E4', `${name}: ${jid} "store-reset", but Redis has lost nothing`)
  } else {
    if (stored && stored.generation >= expected.generation && stored.readAt >= accepted.at)
      truth.violated('E1', `${name}: ${jid} "error", although its own fetch is stored`)
    if (lastFailedBegunAt < accepted.at)
      truth.violated('E3', `${name}: ${jid} "error", although no fetch for it failed`)
  }
  if (before || request.crashed) return
  const told = published.some(({ replica, text }) => {
    const notice = parseNotice(text)
    return replica === request.replica && notice.jid === jid && settlementOf(notice, expected, false)
  })
  if (!told) truth.violated('M', `${name}: ${jid} is settled, but ${request.replica} is not told`)
}

export function expectationOf({ accepted, generations, versions }: RealRequest, jid: BareJid): Expectation | null {
  const generation = generations.get(jid)
  if (!accepted || generation === undefined) return null
  return { epoch: accepted.epoch, generation, version: versions.get(jid) ?? 0 }
}
