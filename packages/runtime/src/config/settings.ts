import { z } from 'zod'
import { DomainName } from '../access/domain-name.ts'
import { TokenEntry } from '../access/token-entry.ts'
import {
  addresses,
  choice,
  headerName,
  headers,
  integer,
  json,
  listenAddress,
  milliseconds,
  names,
  networks,
  origins,
  path,
  redisAddress,
  rosterUrl,
  secret,
  shardNumbers,
  share,
  text,
  yesOrNo,
} from './forms.ts'
import { section, sectionWithoutDefaults } from './setting.ts'
import { targets } from './target-settings.ts'

const backend = section('The backend')
const backendWithoutDefault = sectionWithoutDefaults('The backend')
const server = section('What the api listens on and accepts')
const dashboard = section('The dashboard')
const dashboardWithoutDefault = sectionWithoutDefaults('The dashboard')
const redis = section('Redis')
const redisWithoutDefault = sectionWithoutDefaults('Redis')
const work = section('The workers')
const workWithoutDefault = sectionWithoutDefaults('The workers')
const gateway = section('The gateway')
const bookkeeping = section('Keeping track')
const rest = section('Logs')

const MiB = 1024 * 1024
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

const domainName = {
  schema: DomainName,
  fromText: (text: string) => text,
  accepts: 'domain name',
}

const tokens = {
  schema: z.array(TokenEntry, 'Write a list of what `npm run token` prints.').readonly(),
  fromText: json,
  accepts: 'JSON array',
  secret: true,
}

/** 0: none. */
const cap = integer(0, 1_000_000)

/** What one domain may say for itself; what it leaves out it takes from the settings of the same name. */
const DomainSettings = z.strictObject(
  {
    rosterUrl: rosterUrl.schema.optional().describe('As HTTP_ROSTER_URL, for this domain'),
    headers: headers.schema.optional().describe('As BACKEND_HEADERS; replaces them for this domain'),
    backendTimeoutMs: milliseconds().schema.optional().describe('As BACKEND_TIMEOUT_MS, for this domain'),
    maxRosterBytes: integer(2, 1024 * MiB)
      .schema.optional()
      .describe('As MAX_ROSTER_BYTES, for this domain'),
    maxContacts: integer(0, 1_000_000).schema.optional().describe('As MAX_CONTACTS, for this domain'),
    unknownUser: choice('error', 'empty').schema.optional().describe('As UNKNOWN_USER, for this domain'),
    unknownUserRead: choice('empty', 'not-found').schema.optional().describe('As UNKNOWN_USER_READ, for this domain'),
    maxConcurrent: cap.schema.optional().describe('As BACKEND_MAX_CONCURRENT, for this domain'),
    maxPerSecond: cap.schema.optional().describe('As BACKEND_MAX_PER_SECOND, for this domain'),
  },
  {
    error: (issue) =>
      issue.code === 'invalid_type' ? 'Write an object with the settings of this domain; {} for none.' : undefined,
  },
)

/**
 * The schema of `rollcall.config.json`, and the table of all settings: each has its variable, form, default and
 * description here and nowhere else. Variables and file are merged first and then checked by this one schema.
 */
export const Settings = z.strictObject({
  $schema: z
    .string('Write the path of the schema, for your editor.')
    .optional()
    .describe('For editors: "./rollcall.config.schema.json"'),

  httpRosterUrl: backendWithoutDefault(
    'HTTP_ROSTER_URL',
    rosterUrl,
    'Where a roster is fetched: %s becomes the username, %d the domain. Required, unless every domain of the file has its own',
  ),
  backendHeaders: backend(
    'BACKEND_HEADERS',
    headers,
    {},
    'Headers of every request to the backend, a token for it say',
  ),
  backendTimeoutMs: backend(
    'BACKEND_TIMEOUT_MS',
    milliseconds(),
    10_000,
    'Time for one request to the backend, from connecting to the last byte',
  ),
  maxRosterBytes: backend(
    'MAX_ROSTER_BYTES',
    integer(2, 1024 * MiB),
    5 * MiB,
    'Largest answer of the backend, decompressed',
  ),
  maxContacts: backend('MAX_CONTACTS', integer(0, 1_000_000), 10_000, 'Most contacts in one roster'),
  unknownUser: backend(
    'UNKNOWN_USER',
    choice('error', 'empty'),
    'error',
    "What the backend's 404 or 410 means: a failure (after a 410 the stored roster is dropped), or an empty roster",
  ),
  unknownUserRead: backend(
    'UNKNOWN_USER_READ',
    choice('empty', 'not-found'),
    'empty',
    'What a read of an unknown user answers: {} or 404 (which makes Prosody close the stream of that client)',
  ),
  emptiedShare: backend(
    'EMPTIED_SHARE',
    share,
    0.5,
    'When more of the rosters of a domain that are written within a minute were emptied, further ones are held back; 1: never',
  ),
  emptiedMin: backend(
    'EMPTIED_MIN',
    integer(0, 1_000_000),
    20,
    'So many of them may be emptied in any case, in each shard',
  ),
  backendMaxConcurrent: backend(
    'BACKEND_MAX_CONCURRENT',
    cap,
    0,
    'Most requests at a time to the backend of a domain, of all workers together; 0: no cap',
  ),
  backendMaxPerSecond: backend(
    'BACKEND_MAX_PER_SECOND',
    cap,
    0,
    'Most requests a second to the backend of a domain, of all workers together; 0: no cap',
  ),
  useEnvProxy: backend(
    'USE_ENV_PROXY',
    yesOrNo,
    false,
    'Whether to reach the backend through HTTP_PROXY, HTTPS_PROXY, NO_PROXY',
  ),
  defaultDomain: backendWithoutDefault(
    'XMPP_DOMAIN',
    domainName,
    'The domain of a bare username when the Host header names no configured domain. Default: localhost, or the only domain of the file',
  ),

  host: server('HOST', listenAddress, '127.0.0.1', 'Address the api listens on; anything but loopback needs tokens'),
  port: server('PORT', integer(0, 65_535), 8080, 'Port of the api; 0 is any free one'),
  tokens: server('TOKENS', tokens, [], 'Who may use the api, as `npm run token` prints it'),
  corsOrigins: server('CORS_ORIGINS', origins, [], 'Origins whose pages may call the api from a browser'),
  refreshDeadlineMs: server(
    'REFRESH_DEADLINE_MS',
    milliseconds(),
    25_000,
    'A refresh is answered by then, with what is known',
  ),
  readDeadlineMs: server(
    'READ_DEADLINE_MS',
    milliseconds(),
    5_000,
    'A read of a roster not yet stored is answered by then',
  ),
  drainMs: server(
    'DRAIN_MS',
    milliseconds(0, 600_000),
    3_000,
    'After SIGTERM an api takes requests for so long while it says that it is not ready; 0 when nothing in front of it asks',
  ),
  shutdownDeadlineMs: server(
    'SHUTDOWN_DEADLINE_MS',
    milliseconds(),
    4_000,
    'After SIGTERM (an api: and DRAIN_MS) a process ends by then, finished or not',
  ),
  maxBodyBytes: server('MAX_BODY_BYTES', integer(2, 1024 * MiB), 16 * MiB, 'Largest body of a request'),
  maxUsernames: server('MAX_USERNAMES', integer(1, 10_000_000), 100_000, 'Most usernames in one refresh'),
  smallRefresh: server(
    'SMALL_REFRESH',
    integer(0, 10_000_000),
    100,
    'A refresh of up to so many users goes before larger ones',
  ),
  maxOpenUsers: server(
    'MAX_OPEN_USERS',
    integer(1, 1_000_000_000),
    1_000_000,
    'Most users that wait to be fetched at a time: while so many do, refreshes are answered with 503. Each takes about 1.4 KB of Redis',
  ),
  recheckIntervalMs: server(
    'RECHECK_INTERVAL_MS',
    milliseconds(),
    1_000,
    'How often the api looks again at the users it waits for, in case a message was lost, and asks again for those who go before others',
  ),

  opsSessionS: dashboard(
    'OPS_SESSION_S',
    integer(60, 2_592_000),
    43_200,
    'Whoever has not used the dashboard for so long has to log in again',
  ),
  trustedProxies: dashboard(
    'TRUSTED_PROXIES',
    networks,
    [],
    'Proxies whose X-Forwarded-For, -Proto and -Host are believed; default: none',
  ),
  opsIdentityHeader: dashboardWithoutDefault(
    'OPS_IDENTITY_HEADER',
    headerName,
    'The header in which a trusted proxy says who uses the dashboard, x-forwarded-user say; it must take away what clients send in it',
  ),
  opsOperators: dashboard(
    'OPS_OPERATORS',
    names,
    [],
    'Who of them may act, and not only look: names as the header has them; "*" is everybody',
  ),

  redisUrl: redis('REDIS_URL', redisAddress, 'redis://127.0.0.1:6379', 'The Redis that api and workers share'),
  redisCluster: redisWithoutDefault(
    'REDIS_CLUSTER',
    addresses(6379),
    'Some nodes of a Redis Cluster, in place of REDIS_URL; the others are found by them',
  ),
  redisSentinels: redisWithoutDefault(
    'REDIS_SENTINELS',
    addresses(26_379),
    'Redis Sentinels, in place of REDIS_URL: they say where the master is',
  ),
  redisSentinelName: redisWithoutDefault('REDIS_SENTINEL_NAME', text, 'What the Sentinels call the master'),
  redisUsername: redisWithoutDefault('REDIS_USERNAME', text, 'User of Redis (ACL), when REDIS_URL names none'),
  redisPassword: redisWithoutDefault('REDIS_PASSWORD', secret, 'Password of Redis, when REDIS_URL holds none'),
  redisSentinelUsername: redisWithoutDefault('REDIS_SENTINEL_USERNAME', text, 'User of the Sentinels themselves'),
  redisSentinelPassword: redisWithoutDefault('REDIS_SENTINEL_PASSWORD', secret, 'Password of the Sentinels themselves'),
  redisTls: redis(
    'REDIS_TLS',
    yesOrNo,
    false,
    'Whether Cluster or Sentinels and their Redis speak TLS; with REDIS_URL write rediss://',
  ),
  redisCaFile: redisWithoutDefault(
    'REDIS_CA_FILE',
    path,
    'Certificates (PEM) of the authorities that Redis is trusted by; default: those of Node',
  ),
  redisTimeoutMs: redis(
    'REDIS_TIMEOUT_MS',
    milliseconds(),
    2_000,
    'A Redis command that a request waits for fails after it',
  ),
  shards: redis(
    'SHARDS',
    integer(1, 1024),
    1,
    'Slices of the users; on Redis Cluster a few times the number of masters. After a change rosters are fetched again',
  ),
  changesMaxlen: redis(
    'CHANGES_MAXLEN',
    integer(1, 1_000_000_000),
    100_000,
    'Entries kept in the change log of each shard, about; one takes under 1 KB for a small change, about 10 KB at most',
  ),
  refreshTtlS: redis(
    'REFRESH_TTL_S',
    integer(1, 2_592_000),
    3_600,
    'How long the result of a refresh can be asked for',
  ),

  workerShards: workWithoutDefault(
    'WORKER_SHARDS',
    shardNumbers,
    'The shards that this worker serves; default: all. Some worker has to serve each of them',
  ),
  workerPort: workWithoutDefault(
    'WORKER_PORT',
    integer(0, 65_535),
    'Port at HOST where this worker answers /health/live, /health/ready and /metrics; 0 is any free one; default: none',
  ),
  workerConcurrency: work(
    'WORKER_CONCURRENCY',
    integer(1, 10_000),
    100,
    'Fetches of one worker at a time; it has a quarter more users in hand, whose rosters it writes meanwhile',
  ),
  slowFetchMs: work('SLOW_FETCH_MS', milliseconds(), 1_000, 'A fetch that takes longer goes on in the slow lane'),
  slowLane: work(
    'SLOW_LANE',
    integer(0, 10_000),
    400,
    'Fetches in the slow lane of one worker at most; when it is full, a slow fetch keeps its place among the others',
  ),
  backendConnections: work(
    'BACKEND_CONNECTIONS',
    integer(1, 20_000),
    500,
    'Connections of one worker to one backend at most; fewer than WORKER_CONCURRENCY + SLOW_LANE, and fetches wait for one on their own deadline',
  ),
  breakerFailures: work(
    'BREAKER_FAILURES',
    integer(1, 10_000),
    20,
    'Fetches in a row of one domain without an answer, or with 5xx, after which a worker looks whether its backend still works',
  ),
  breakerPauseMs: work(
    'BREAKER_PAUSE_MS',
    milliseconds(10),
    1_000,
    'Pause before a backend that does not work is looked at again; doubles each time, with jitter',
  ),
  breakerMaxPauseMs: work('BREAKER_MAX_PAUSE_MS', milliseconds(10), 30_000, 'Longest such pause'),
  jobAttempts: work('JOB_ATTEMPTS', integer(1, 100), 3, 'Fetches of a user before the last failure counts'),
  retryBackoffMs: work(
    'RETRY_BACKOFF_MS',
    milliseconds(0),
    500,
    'Pause before the second attempt; doubles each time, with jitter',
  ),
  retryAfterMaxMs: work(
    'RETRY_AFTER_MAX_MS',
    milliseconds(1_000),
    60_000,
    "Longest pause of a domain that a backend's Retry-After can ask for",
  ),
  retryBudgetMs: work(
    'RETRY_BUDGET_MS',
    milliseconds(0),
    60_000,
    'Total time a user may wait for pauses of the backend before it has failed',
  ),
  maxStarts: work(
    'MAX_STARTS',
    integer(1, 1_000),
    10,
    'Fetches of a user begun and never ended (the worker died) before it is given up',
  ),

  targets: gateway('TARGETS', targets, {}, 'Who is told of changes: names, each with a type and what belongs to it'),
  gatewayPort: gateway(
    'GATEWAY_PORT',
    integer(0, 65_535),
    8082,
    'Port at HOST where a gateway answers /health/live, /health/ready and /metrics; 0 is any free one',
  ),
  changesPollMs: gateway(
    'CHANGES_POLL_MS',
    milliseconds(10, 10_000),
    50,
    'How often a gateway looks whether there are new changes in a shard, for all targets together',
  ),
  leaseMs: gateway(
    'LEASE_MS',
    milliseconds(500, 600_000),
    6_000,
    'A gateway that is silent so long has lost its targets to another one',
  ),

  jobLockMs: bookkeeping('JOB_LOCK_MS', milliseconds(100), 5_000, 'A worker that is silent so long has lost its job'),
  stallCheckMs: bookkeeping('STALL_CHECK_MS', milliseconds(100), 1_000, 'How often lost jobs are looked for'),
  sweepIntervalMs: bookkeeping(
    'SWEEP_INTERVAL_MS',
    milliseconds(),
    2_500,
    'How often requested users without a job are looked for',
  ),
  sweepGraceMs: bookkeeping('SWEEP_GRACE_MS', milliseconds(0), 5_000, 'How long a user may be open before that'),
  repairMinMs: bookkeeping(
    'REPAIR_MIN_MS',
    milliseconds(),
    60_000,
    'A user whose refresh failed is fetched again after it, then after twice as long, and so on',
  ),
  repairMaxMs: bookkeeping(
    'REPAIR_MAX_MS',
    milliseconds(),
    3_600_000,
    'And in the end every so often, until a fetch succeeds',
  ),
  heartbeatMs: bookkeeping('HEARTBEAT_MS', milliseconds(100), 2_000, 'How often a process says that it lives'),
  workerStuckMs: bookkeeping(
    'WORKER_STUCK_MS',
    milliseconds(1_000),
    30_000,
    'A worker that takes no jobs for so long, although they wait and it has places free, says that it is stuck; after as long again it ends, to be restarted',
  ),

  upkeepIntervalMs: bookkeeping(
    'UPKEEP_INTERVAL_MS',
    milliseconds(100),
    10_000,
    'How often old and unused rosters are looked for',
  ),
  maxRosterAgeS: bookkeeping(
    'MAX_ROSTER_AGE_S',
    integer(0, 31_536_000),
    86_400,
    'A stored roster that is older is fetched again, behind everything else; 0: never',
  ),
  rosterTtlS: bookkeeping(
    'ROSTER_TTL_S',
    integer(0, 315_360_000),
    7_776_000,
    'A stored roster is dropped when its user has been neither read nor named in a notice for so long; 0: never',
  ),

  logLevel: rest('LOG_LEVEL', choice(...LOG_LEVELS), 'info', 'Least level that is logged'),

  domains: z
    .record(z.string(), DomainSettings, 'Write an object: domain names, each with its settings.')
    .optional()
    .describe('The XMPP domains, when there is more than one or one needs settings of its own'),
})
export type Settings = z.output<typeof Settings>
