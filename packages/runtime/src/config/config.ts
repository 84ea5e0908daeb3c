import type { Domain, UrlTemplate } from '@rollcall/roster'
import type { EffectiveSetting } from './effective-settings.ts'
import type { RedisPlace } from './redis-place.ts'
import type { Settings } from './settings.ts'
import type { TargetConfig } from './target-configs.ts'

/** How the backend of one domain is asked, and how its answers are taken. */
export interface DomainConfig {
  readonly domain: Domain
  readonly rosterUrl: UrlTemplate
  /** Sent with every request; names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** One request in all, from connecting to the last byte. */
  readonly backendTimeoutMs: number
  /** Decompressed. */
  readonly maxRosterBytes: number
  readonly maxContacts: number
  /** What a 404 or 410 of the backend means. */
  readonly unknownUser: 'error' | 'empty'
  /** What a read answers then. */
  readonly unknownUserRead: 'empty' | 'not-found'
  /** Requests at a time, of all workers together; 0: no cap. */
  readonly maxConcurrent: number
  /** Requests a second, of all workers together; 0: no cap. */
  readonly maxPerSecond: number
}

/** Settings that only give domains their values: use those of `config.domains`. */
type GivenToDomains =
  | 'httpRosterUrl'
  | 'backendHeaders'
  | 'backendTimeoutMs'
  | 'maxRosterBytes'
  | 'maxContacts'
  | 'unknownUser'
  | 'unknownUserRead'
  | 'backendMaxConcurrent'
  | 'backendMaxPerSecond'

/** Settings that together say where Redis is: use `config.redis`. */
type GivenToRedis =
  | 'redisUrl'
  | 'redisCluster'
  | 'redisSentinels'
  | 'redisSentinelName'
  | 'redisUsername'
  | 'redisPassword'
  | 'redisSentinelUsername'
  | 'redisSentinelPassword'
  | 'redisTls'
  | 'redisCaFile'

/** The whole configuration, checked: every setting of `settings.ts` under its name in the file. */
export interface Config
  extends Readonly<
    Omit<Settings, GivenToDomains | GivenToRedis | 'domains' | 'defaultDomain' | 'targets' | '$schema'>
  > {
  readonly redis: RedisPlace
  readonly domains: ReadonlyMap<Domain, DomainConfig>
  /** One of `domains`. */
  readonly defaultDomain: Domain
  /** Who is told of changes. */
  readonly targets: readonly TargetConfig[]
  /** Every setting of the table as it is in effect, for people. */
  readonly effective: readonly EffectiveSetting[]
  /** Not wrong, but perhaps not meant: for the log at start. */
  readonly warnings: readonly string[]
}
