import { type Config, ConfigError, loadConfig } from '@rollcall/runtime'
import { expect } from 'vitest'

export const ROSTER_URL = 'http://127.0.0.1:8090/rosters/%s'

/** What is written where somebody starts Rollcall. */
export interface Written {
  readonly env?: Readonly<Record<string, string>>
  readonly dotEnv?: string
  /** rollcall.config.json: its text, or what it says. */
  readonly file?: unknown
  /** Other files, by their names. */
  readonly others?: Readonly<Record<string, string>>
}

export function load({ env = {}, dotEnv, file, others = {} }: Written): Config {
  const files = new Map<string, unknown>([
    ['/app/.env', dotEnv],
    ['/app/rollcall.config.json', typeof file === 'object' ? JSON.stringify(file) : file],
    ...Object.entries(others).map(([name, text]) => [`/app/${name}`, text] as const),
  ])
  return loadConfig({ env, cwd: '/app', readFile: (path) => (files.get(path) as string | undefined) ?? null })
}

export function mistakes(written: Written): ConfigError {
  try {
    load(written)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  return expect.fail('the configuration was accepted')
}

/** `where: found` of each mistake. */
export const listed = (written: Written): string[] =>
  mistakes(written).problems.map(({ where, found }) => `${where}: ${found}`)
