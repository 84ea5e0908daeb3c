import type { BareJid, FailureCode } from '@rollcall/roster'
import type { ShardKeys } from '../keys.ts'
import type { RunScript } from './scripts.ts'

/** How far a user has come. All numbers are generations but `version`, which counts changes of the stored roster. */
export interface UserState {
  readonly wanted: number
  readonly fetched: number
  readonly failed: number
  readonly version: number
  /** Why the last fetch failed; empty when it did not. */
  readonly code: FailureCode | ''
  readonly message: string
}

/** A state as it is told to the replicas that wait for the user. */
export interface Notice extends UserState {
  readonly jid: BareJid
  readonly epoch: string
}

/** Reads what `settle.lua` publishes: one field a line, the message last. */
export function parseNotice(text: string): Notice {
  const [jid, epoch = '', wanted, fetched, failed, version, code, ...message] = text.split('\n')
  return {
    jid: jid as BareJid,
    epoch,
    wanted: Number(wanted),
    fetched: Number(fetched),
    failed: Number(failed),
    version: Number(version),
    code: code as Notice['code'],
    message: message.join('\n'),
  }
}

interface UserStatesOptions {
  readonly run: RunScript
  readonly keysAt: (shard: number) => ShardKeys
}

export function userStates({ run, keysAt }: UserStatesOptions) {
  return {
    /** How far up to 500 users of one shard have come. */
    async states(shard: number, users: readonly BareJid[]): Promise<{ epoch: string; states: UserState[] }> {
      const keys = keysAt(shard)
      const [epoch, ...rows] = (await run('settled', [keys.epoch, ...users.map(keys.user)], [])) as [
        string,
        ...StateRow[],
      ]
      return { epoch, states: rows.map(stateOf) }
    },
  }
}

type StateRow = [number, number, number, number, FailureCode | '', string]

const stateOf = ([wanted, fetched, failed, version, code, message]: StateRow): UserState => ({
  wanted,
  fetched,
  failed,
  version,
  code,
  message,
})
