import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'

const NAMES = [
  'request',
  'begin',
  'confirm',
  'commit',
  'fail',
  'release',
  'settled',
  'sweep',
  'repair',
  'repair-now',
  'judge',
] as const
const SETTLING = new Set<string>(['begin', 'confirm', 'commit', 'fail', 'repair', 'repair-now', 'judge'])
const GUARDED = new Set<string>(['commit', 'judge'])

export type ScriptName = (typeof NAMES)[number]
/** Lua text by name, ready to be sent. Tests take it, break one guarantee in it, and give it back to the store. */
export type Scripts = Readonly<Record<ScriptName, string>>

const file = (name: string): string => readFileSync(new URL(`../../lua/${name}.lua`, import.meta.url), 'utf8')

export function loadScripts(): Scripts {
  const settle = file('settle')
  const emptied = file('emptied')
  const text = (name: ScriptName): string =>
    [SETTLING.has(name) ? settle : [], GUARDED.has(name) ? emptied : [], file(name)].flat().join('\n')
  return Object.fromEntries(NAMES.map((name) => [name, text(name)])) as Record<ScriptName, string>
}

export type RunScript = (
  name: ScriptName,
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
) => Promise<unknown>

/** Runs a script by its SHA-1 and sends its text only to a Redis that does not know it yet (a new or restarted one). */
export function scriptRunner(redis: Redis, scripts: Scripts): RunScript {
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
