import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import type { Problem } from './config-error.ts'
import { didYouMean } from './did-you-mean.ts'
import { whereJsonBreaks } from './json-position.ts'
import { settingFacts } from './setting.ts'
import { Settings } from './settings.ts'

export const CONFIG_FILE = 'rollcall.config.json'
export const DOT_ENV = '.env'

export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where `.env` and `rollcall.config.json` are looked for; neither has to be there. */
  readonly cwd: string
  /** A file's text, or null when there is none. */
  readonly readFile?: (path: string) => string | null
}

/** What was given, by the names of the file, before any of it is checked. */
export interface Given {
  readonly values: Readonly<Record<string, unknown>>
  /** Where a setting comes from: `PORT (environment)`; of one that is not given, where to put it. */
  nameOf(key: string): string
  readonly problems: readonly Problem[]
  readonly warnings: readonly string[]
}

/** The environment variable of each setting, by its name in the file. */
export const VARIABLES: ReadonlyMap<string, string> = new Map(
  Object.entries(Settings.shape).flatMap(([key, schema]) => {
    const facts = settingFacts.get(schema)
    return facts === undefined ? [] : [[key, facts.environment] as const]
  }),
)

/** All environment variables that Rollcall reads. */
export const CONFIG_ENVIRONMENT: readonly string[] = [...VARIABLES.values()]

/** Environment before `.env` before `rollcall.config.json`, setting by setting. An empty variable counts as not set. */
export function gatherSettings({ env, cwd, readFile = readIfThere }: ConfigSources): Given {
  const file = parseConfigFile(readFile(join(cwd, CONFIG_FILE)))
  const dotEnv = parseEnv(readFile(join(cwd, DOT_ENV)) ?? '')
  const values: Record<string, unknown> = { ...file.values }
  const names = new Map(Object.keys(values).map((key) => [key, `${key} (${CONFIG_FILE})`]))
  for (const [variables, source] of [
    [dotEnv, DOT_ENV],
    [env, 'environment'],
  ] as const) {
    for (const [key, variable] of VARIABLES) {
      const text = variables[variable]?.trim()
      if (text === undefined || text === '') continue
      values[key] = fromVariable(key, text)
      names.set(key, `${variable} (${source})`)
    }
  }
  return {
    values,
    nameOf: (key) => names.get(key) ?? `${VARIABLES.get(key) ?? key} (environment or ${DOT_ENV})`,
    problems: file.problems,
    warnings: [...misspelled(dotEnv, DOT_ENV), ...misspelled(env, 'environment')],
  }
}

function fromVariable(key: string, text: string): unknown {
  const schema = Settings.shape[key as keyof typeof Settings.shape]
  return settingFacts.get(schema)?.fromText(text) ?? text
}

function parseConfigFile(text: string | null): { values: Record<string, unknown>; problems: Problem[] } {
  if (text === null) return { values: {}, problems: [] }
  const broken = (found: string): Problem => ({
    where: CONFIG_FILE,
    found,
    advice:
      'Write one JSON object, as in rollcall.config.example.json. JSON has no comments and no comma before } or ].',
  })
  try {
    const values: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    if (isObject(values)) return { values, problems: [] }
    return { values: {}, problems: [broken('not an object')] }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { values: {}, problems: [broken(`no valid JSON, at line ${whereJsonBreaks(text)}`)] }
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function misspelled(variables: ConfigSources['env'], source: string): string[] {
  return Object.keys(variables).flatMap((name) => {
    if (CONFIG_ENVIRONMENT.includes(name)) return []
    const meant = didYouMean(name, CONFIG_ENVIRONMENT)
    return meant === null ? [] : [`${name} (${source}) is not a setting of Rollcall. Did you mean ${meant}?`]
  })
}

export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
