import type { BareJid } from '@rollcall/roster'

/** One entry of the change log, its diff not parsed yet. */
export interface LogEntry {
  readonly id: string
  readonly user: BareJid
  readonly version: string
  readonly diff: string
}

/** An entry as Redis has it: its fields and values in one list. */
export function entryOf([id, list]: [string, string[]]): LogEntry {
  const fields = new Map<string, string>()
  for (let i = 0; i < list.length; i += 2) fields.set(list[i] ?? '', list[i + 1] ?? '')
  return {
    id,
    user: fields.get('user') as BareJid,
    version: fields.get('version') ?? '0',
    diff: fields.get('diff') ?? '',
  }
}
