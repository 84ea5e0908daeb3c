import { hideSecrets } from '../log/hide-secrets.ts'
import { settingFacts } from './setting.ts'
import { Settings } from './settings.ts'

const MAX_SHOWN = 80

/** A value as an error may show it: only scalars, no secrets, not too long. */
export function showValue(value: unknown, path: readonly PropertyKey[]): string {
  if (value === undefined) return 'not set'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  if (isSecret(path)) return `a ${typeof value === 'string' ? 'text' : typeof value}, not shown`
  const shown = JSON.stringify(typeof value === 'string' ? hideCredentials(value) : value)
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown
}

const OPEN_IN_TOKENS: readonly PropertyKey[] = ['name', 'rights', 'domains']

function isSecret([key, , inner = '']: readonly PropertyKey[]): boolean {
  if (key === 'domains') return inner === 'headers'
  if (key === 'tokens' && OPEN_IN_TOKENS.includes(inner)) return false
  const schema = Settings.shape[key as keyof typeof Settings.shape]
  return schema !== undefined && settingFacts.get(schema)?.secret === true
}

/** As `hideSecrets`, and also where the text is too broken to be a URL. */
function hideCredentials(text: string): string {
  const at = text.lastIndexOf('@')
  const broken = !URL.canParse(text) || new URL(text).hostname === ''
  return broken && at !== -1 ? `***${text.slice(at)}` : hideSecrets(text)
}
