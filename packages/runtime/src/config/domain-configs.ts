import { type Domain, parseDomain } from '@rollcall/roster'
import type { CheckedSettings } from './check-settings.ts'
import type { DomainConfig } from './config.ts'
import type { Problem } from './config-error.ts'
import type { Settings } from './settings.ts'
import { CONFIG_FILE, type Given } from './sources.ts'

type OwnSettings = NonNullable<Settings['domains']>[string]

export interface Domains {
  readonly domains: ReadonlyMap<Domain, DomainConfig>
  readonly defaultDomain: Domain
  /** All that were named, also those with a mistake in them. */
  readonly named: ReadonlySet<Domain>
  readonly problems: readonly Problem[]
  readonly warnings: readonly string[]
}

const LOCALHOST = 'localhost' as Domain

/** The domains, each with its own settings or else the common ones; without `domains` in the file the default domain alone. */
export function domainConfigs(checked: CheckedSettings, given: Given): Domains {
  const { settings, isBroken } = checked
  const problems: Problem[] = []
  const domains = new Map<Domain, DomainConfig>()
  const named = new Set<Domain>()
  for (const [name, own] of listedDomains(settings)) {
    const result = parseDomain(name)
    const where = `domains.${name} (${CONFIG_FILE})`
    if (result.kind === 'invalid') {
      problems.push({
        where,
        found: 'not a domain',
        advice: `Write a domain name, such as "example.org": ${result.reason}.`,
      })
      continue
    }
    const { domain } = result
    if (named.has(domain)) problems.push({ where, found: 'named twice', advice: `Name ${domain} once.` })
    named.add(domain)
    const config = withCommon(domain, own, settings)
    if (config !== null) domains.set(domain, config)
    else if (!isBroken('httpRosterUrl') && !isBroken('domains', name, 'rosterUrl'))
      problems.push(noRosterUrl(name, given))
  }
  const chosen = chooseDefault(checked, named, given)
  return {
    domains,
    named,
    defaultDomain: chosen.domain,
    problems: [...problems, ...chosen.problems],
    warnings: unusedRosterUrl(settings, given),
  }
}

function listedDomains({ domains, defaultDomain }: Settings): [string, OwnSettings][] {
  return domains === undefined ? [[defaultDomain ?? LOCALHOST, {}]] : Object.entries(domains)
}

function withCommon(domain: Domain, own: OwnSettings, common: Settings): DomainConfig | null {
  const rosterUrl = own.rosterUrl ?? common.httpRosterUrl
  if (rosterUrl === undefined) return null
  return {
    domain,
    rosterUrl,
    headers: own.headers ?? common.backendHeaders,
    backendTimeoutMs: own.backendTimeoutMs ?? common.backendTimeoutMs,
    maxRosterBytes: own.maxRosterBytes ?? common.maxRosterBytes,
    maxContacts: own.maxContacts ?? common.maxContacts,
    unknownUser: own.unknownUser ?? common.unknownUser,
    unknownUserRead: own.unknownUserRead ?? common.unknownUserRead,
    maxConcurrent: own.maxConcurrent ?? common.backendMaxConcurrent,
    maxPerSecond: own.maxPerSecond ?? common.backendMaxPerSecond,
  }
}

function noRosterUrl(name: string, given: Given): Problem {
  if (given.values.domains === undefined) {
    return {
      where: given.nameOf('httpRosterUrl'),
      found: 'not set',
      advice:
        'Write where your application serves a roster, with %s for the username: http://127.0.0.1:8090/rosters/%s',
    }
  }
  return {
    where: `domains.${name}.rosterUrl (${CONFIG_FILE})`,
    found: 'not set, and no HTTP_ROSTER_URL for all domains either',
    advice: 'Write where this domain\'s rosters are, with %s for the username: "https://app.example.org/rosters/%s".',
  }
}

function chooseDefault(
  { settings, isBroken }: CheckedSettings,
  named: ReadonlySet<Domain>,
  given: Given,
): { domain: Domain; problems: Problem[] } {
  const wanted = settings.defaultDomain
  const [first = LOCALHOST] = named
  const list = [...named].join(', ')
  if (isBroken('defaultDomain') || isBroken('domains') || (wanted !== undefined && named.has(wanted))) {
    return { domain: wanted ?? first, problems: [] }
  }
  if (wanted === undefined && (named.size === 1 || named.has(LOCALHOST))) {
    return { domain: named.has(LOCALHOST) ? LOCALHOST : first, problems: [] }
  }
  const where = wanted === undefined ? `defaultDomain (${CONFIG_FILE})` : given.nameOf('defaultDomain')
  if (named.size === 0) {
    const advice = 'Name at least one domain, or leave "domains" out.'
    return { domain: first, problems: [{ where: `domains (${CONFIG_FILE})`, found: 'no usable domain', advice }] }
  }
  const found = wanted === undefined ? 'not set, with several domains' : `"${wanted}", which is not among the domains`
  return { domain: first, problems: [{ where, found, advice: `Write one of ${list}.` }] }
}

function unusedRosterUrl({ domains, httpRosterUrl }: Settings, given: Given): string[] {
  if (domains === undefined || httpRosterUrl === undefined) return []
  if (Object.values(domains).some(({ rosterUrl }) => rosterUrl === undefined)) return []
  return [`${given.nameOf('httpRosterUrl')} is not used: every domain of ${CONFIG_FILE} has its own rosterUrl.`]
}
