import type { OpsSettings } from '@rollcall/roster'
import { type Config, type DomainConfig, hideSecrets } from '@rollcall/runtime'
import { may, type OpsRoute } from './route.ts'

export type SettingsDeps = Pick<Config, 'effective' | 'domains' | 'warnings'>

/** Settings whose values tell of all domains. */
const OF_ALL_DOMAINS: ReadonlySet<string> = new Set(['httpRosterUrl', 'backendHeaders', 'targets', 'tokens'])

/** The configuration of this api, as it is in effect; whoever may look at some domains does not see the backends of others. */
export function settingsRoutes({ effective, domains, warnings }: SettingsDeps): OpsRoute[] {
  return [
    {
      method: 'get',
      path: '/settings',
      right: 'view',
      scope: 'everywhere',
      async handle({ operator }): Promise<OpsSettings> {
        const seesAll = operator.domains === '*'
        return {
          settings: effective.map((setting) =>
            seesAll || !OF_ALL_DOMAINS.has(setting.name) ? setting : { ...setting, value: 'hidden', isSecret: true },
          ),
          domains: [...domains.values()].filter(({ domain }) => may(operator, 'view', domain)).map(domainOf),
          warnings: seesAll ? warnings : [],
        }
      },
    },
  ]
}

function domainOf({ domain, rosterUrl, headers, ...plain }: DomainConfig): OpsSettings['domains'][number] {
  const details = Object.entries({ ...plain, headers: Object.keys(headers).join(', ') })
  return {
    domain,
    rosterUrl: hideSecrets(rosterUrl.source),
    details: Object.fromEntries(details.map(([name, value]) => [name, String(value)])),
  }
}
