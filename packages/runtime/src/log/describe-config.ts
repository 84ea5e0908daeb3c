import type { Config, DomainConfig } from '../config/config.ts'
import { hideSecrets } from './hide-secrets.ts'

/** The configuration for the line at start: everything but secrets. */
export function describeConfig(config: Config): Record<string, unknown> {
  const { warnings: _, effective: _settings, domains, tokens, redis, targets, ...plain } = config
  return {
    ...plain,
    redis: describeRedis(redis),
    tokens: tokens.map(
      ({ name, id, rights, domains: own }) =>
        `${name} (${id}): ${rights.join(', ')} on ${own === '*' ? 'all domains' : own.join(', ')}`,
    ),
    targets: targets.map(({ name, type, domain }) => `${name}: ${type} for ${domain}`),
    domains: Object.fromEntries([...domains].map(([domain, own]) => [domain, describeDomain(own)])),
  }
}

function describeRedis({ password, sentinelPassword, tls, ...place }: Config['redis']): Record<string, unknown> {
  return {
    ...place,
    ...(place.kind === 'one' && { url: hideSecrets(place.url) }),
    ...(tls && { tls: tls.ca === undefined ? 'authorities of Node' : 'authorities of REDIS_CA_FILE' }),
  }
}

function describeDomain({ domain: _, rosterUrl, headers, ...plain }: DomainConfig): Record<string, unknown> {
  return { ...plain, rosterUrl: hideSecrets(rosterUrl.source), headers: Object.keys(headers) }
}
