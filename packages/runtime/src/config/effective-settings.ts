import { hideSecrets } from '../log/hide-secrets.ts'
import { type SettingFacts, settingFacts } from './setting.ts'
import { Settings } from './settings.ts'
import type { Given } from './sources.ts'

/** A setting as it is in effect, for people. */
export interface EffectiveSetting {
  /** As in rollcall.config.json. */
  readonly name: string
  /** Of the environment. */
  readonly variable: string
  readonly section: string
  readonly description: string
  /** Secrets are not in it; of what is an object or list with secrets its names are. Empty: not set. */
  readonly value: string
  /** It is what it would be if it were left out. */
  readonly isDefault: boolean
  readonly isSecret: boolean
}

/** Every setting of the table, from what was given and has been checked. */
export function effectiveSettings(given: Given): EffectiveSetting[] {
  return Object.entries(Settings.shape).flatMap(([name, schema]) => {
    const facts = settingFacts.get(schema)
    return facts === undefined ? [] : [effective(name, given.values[name] ?? facts.fallback, facts)]
  })
}

function effective(
  name: string,
  value: unknown,
  { environment, section, description, fallback, secret }: SettingFacts,
) {
  return {
    name,
    variable: environment,
    section,
    description,
    value: secret ? withoutSecrets(value) : hideSecrets(asText(value)),
    isDefault: JSON.stringify(value) === JSON.stringify(fallback),
    isSecret: secret === true,
  }
}

function asText(value: unknown): string {
  if (value === undefined) return ''
  return Array.isArray(value) ? value.map(String).join(', ') : String(value)
}

const HIDDEN = 'hidden'

function withoutSecrets(value: unknown): string {
  if (Array.isArray(value)) return value.map(nameOf).join(', ')
  if (typeof value === 'object' && value !== null) return Object.keys(value).join(', ')
  return value === undefined ? '' : HIDDEN
}

/** Tokens have names. */
const nameOf = (item: unknown): string =>
  typeof item === 'object' && item !== null && 'name' in item ? String(item.name) : HIDDEN
