import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { RedisClient } from '../redis.ts'

/** How many users one script call handles at most: it keeps Redis from standing still for others. */
export const MAX_USERS_PER_CALL = 500

/** Of which files each script is put together: what it shares with others goes in front. */
const FILES = {
  request: ['request'],
  begin: ['groups', 'settle', 'begin'],
  confirm: ['groups', 'settle', 'confirm'],
  commit: ['groups', 'settle', 'commit'],
  /** The same for the few commits that the guard counts or looks at: the others need not pay for its functions. */
  'guarded-commit': ['groups', 'settle', 'emptied', 'commit'],
  fail: ['groups', 'settle', 'fail'],
  release: ['release'],
  settled: ['settled'],
  sweep: ['sweep'],
  repair: ['groups', 'settle', 'repair'],
  'repair-now': ['groups', 'settle', 'repair-now'],
  judge: ['groups', 'settle', 'emptied', 'judge'],
  aged: ['aged'],
  use: ['use'],
  unused: ['groups', 'unused'],
  drop: ['groups', 'settle', 'emptied', 'drop'],
  'forget-gone': ['forget-gone'],
  dismiss: ['groups', 'dismiss'],
  cancel: ['groups', 'settle', 'cancel'],
  'drop-by-hand': ['groups', 'drop-by-hand'],
  'changes-of': ['changes-of'],
  limit: ['limit'],
  follow: ['follow'],
  lease: ['lease'],
  walk: ['walk'],
  record: ['record'],
  now: ['now'],
} as const

export type ScriptName = keyof typeof FILES
/** Lua text by name, ready to be sent. Tests take it, break one guarantee in it, and give it back to the store. */
export type Scripts = Readonly<Record<ScriptName, string>>

const NAMES = Object.keys(FILES) as ScriptName[]

const read = (name: string): string => readFileSync(new URL(`../../lua/${name}.lua`, import.meta.url), 'utf8')

/** `sharded`: for a Cluster, where a message goes to the nodes of its shard alone, and not to all of them. */
export function loadScripts(sharded = false): Scripts {
  const texts = NAMES.map((name) => [name, FILES[name].map(read).join('\n')] as const)
  return Object.fromEntries(
    texts.map(([name, text]) => [name, sharded ? text.replaceAll("'PUBLISH'", "'SPUBLISH'") : text]),
  ) as Record<ScriptName, string>
}

export type RunScript = (
  name: ScriptName,
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
) => Promise<unknown>

/** Runs a script by its SHA-1 and sends its text only to a Redis that does not know it yet (a new or restarted one). */
export function scriptRunner(redis: RedisClient, scripts: Scripts): RunScript {
  const sha = Object.fromEntries(
    NAMES.map((name) => [name, createHash('sha1').update(scripts[name]).digest('hex')]),
  ) as Record<ScriptName, string>
  return async (name, keys, args) => {
    try {
      return await redis.evalsha(sha[name], keys.length, ...keys, ...args)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return redis.eval(scripts[name], keys.length, ...keys, ...args)
    }
  }
}
