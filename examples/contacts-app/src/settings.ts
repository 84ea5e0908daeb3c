export interface Settings {
  readonly port: number
  readonly host: string
  readonly rollcall: { readonly url: string; readonly token: string | undefined }
  readonly domain: string
  readonly latencyMs: number
}

export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  constructor(problems: readonly string[]) {
    super(`The contacts application cannot start:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
  }
}

/** An empty variable counts as unset. Throws SettingsError, which lists all that is wrong. */
export function parseSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const problems: string[] = []
  const text = (name: string, otherwise: string) => environment[name]?.trim() || otherwise
  const integer = (name: string, otherwise: number, most: number) => {
    const value = text(name, String(otherwise))
    if (/^\d{1,9}$/.test(value) && Number(value) <= most) return Number(value)
    problems.push(`${name} is ${JSON.stringify(value)}; write an integer from 0 to ${most}`)
    return otherwise
  }

  const url = text('ROLLCALL_URL', 'http://127.0.0.1:8080').replace(/\/+$/, '')
  if (!URL.canParse(url) || !/^https?:\/\//i.test(url)) {
    problems.push(`ROLLCALL_URL is ${JSON.stringify(url)}; write something like http://127.0.0.1:8080`)
  }
  const settings: Settings = {
    port: integer('PORT', 8090, 65_535),
    host: text('HOST', '127.0.0.1'),
    rollcall: { url, token: text('ROLLCALL_TOKEN', '') || undefined },
    domain: text('XMPP_DOMAIN', 'localhost'),
    latencyMs: integer('LATENCY_MS', 0, 600_000),
  }
  if (problems.length > 0) throw new SettingsError(problems)
  return settings
}
