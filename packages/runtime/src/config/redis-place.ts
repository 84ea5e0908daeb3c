import type { CheckedSettings } from './check-settings.ts'
import type { Problem } from './config-error.ts'
import type { Address } from './forms.ts'
import type { Given } from './sources.ts'

/** Where Redis is and how it is entered: one server, the master that Sentinels name, or a Cluster. */
export type RedisPlace = RedisAccess &
  (
    | { readonly kind: 'one'; readonly url: string }
    | { readonly kind: 'sentinel'; readonly sentinels: readonly Address[]; readonly master: string }
    | { readonly kind: 'cluster'; readonly nodes: readonly Address[] }
  )

export interface RedisAccess {
  readonly username?: string
  readonly password?: string
  readonly sentinelUsername?: string
  readonly sentinelPassword?: string
  /** Absent: no TLS, unless the URL says `rediss://`. */
  readonly tls?: { readonly ca?: string }
}

type Settings = CheckedSettings['settings']
type Key = keyof Settings & `redis${string}`

/** The place that the settings name. Where they contradict each other, the problems say so, and the place means nothing. */
export function redisPlace(
  { settings }: CheckedSettings,
  given: Given,
  readFile: (path: string) => string | null,
): { readonly place: RedisPlace; readonly problems: readonly Problem[] } {
  const certificate = readCertificate(settings, given, readFile)
  return {
    place: placeOf(settings, certificate.ca),
    problems: [...contradictions(settings, given), ...certificate.problems],
  }
}

function placeOf(settings: Settings, ca: string | undefined): RedisPlace {
  const { redisUrl: url, redisCluster, redisSentinels, redisSentinelName } = settings
  const tls = settings.redisTls || speaksTls(settings) ? { tls: { ...(ca !== undefined && { ca }) } } : {}
  const access: RedisAccess = {
    ...optional('username', settings.redisUsername),
    ...optional('password', settings.redisPassword),
    ...optional('sentinelUsername', settings.redisSentinelUsername),
    ...optional('sentinelPassword', settings.redisSentinelPassword),
    ...tls,
  }
  if (redisCluster) return { kind: 'cluster', nodes: redisCluster, ...access }
  if (redisSentinels) return { kind: 'sentinel', sentinels: redisSentinels, master: redisSentinelName ?? '', ...access }
  return { kind: 'one', url, ...access }
}

const optional = (key: keyof RedisAccess, value: string | undefined) => (value === undefined ? {} : { [key]: value })

const isOne = ({ redisCluster, redisSentinels }: Settings): boolean => !redisCluster && !redisSentinels
const speaksTls = (settings: Settings): boolean => isOne(settings) && settings.redisUrl.startsWith('rediss:')

/** Each setting that is of no use beside the others, and what to do about it. */
function contradictions(settings: Settings, given: Given): Problem[] {
  const isGiven = (key: Key): boolean => given.values[key] !== undefined
  const one = !isGiven('redisCluster') && !isGiven('redisSentinels')
  const inUrl = one ? new URL(settings.redisUrl) : null
  const found: [wrong: unknown, key: Key, found: string, advice: string][] = [
    [
      isGiven('redisCluster') && isGiven('redisSentinels'),
      'redisSentinels',
      'beside REDIS_CLUSTER',
      'Write one of the two: a Cluster sees to its fail-over itself.',
    ],
    [
      isGiven('redisUrl') && isGiven('redisCluster'),
      'redisUrl',
      'beside REDIS_CLUSTER',
      'Leave one of the two out: REDIS_URL is for one Redis.',
    ],
    [
      isGiven('redisUrl') && isGiven('redisSentinels'),
      'redisUrl',
      'beside REDIS_SENTINELS',
      'Leave one of the two out: the Sentinels say where the master is.',
    ],
    [
      settings.redisSentinels && !settings.redisSentinelName,
      'redisSentinelName',
      'not set',
      'Write the name that the Sentinels give to the master: "mymaster" in most examples.',
    ],
    ...(['redisSentinelName', 'redisSentinelUsername', 'redisSentinelPassword'] as const).map(
      (key): (typeof found)[number] => [
        isGiven(key) && !isGiven('redisSentinels'),
        key,
        'without REDIS_SENTINELS',
        'Write REDIS_SENTINELS too, or leave this out.',
      ],
    ),
    [
      settings.redisUsername && !settings.redisPassword,
      'redisUsername',
      'without REDIS_PASSWORD',
      'Write the password of this user too.',
    ],
    [
      settings.redisPassword && inUrl && (inUrl.username || inUrl.password),
      'redisPassword',
      'beside user or password in REDIS_URL',
      'Write them in one of the two places.',
    ],
    [
      settings.redisTls && one && !speaksTls(settings),
      'redisTls',
      'beside a REDIS_URL without TLS',
      'Write rediss:// in REDIS_URL.',
    ],
    [
      settings.redisCaFile && !settings.redisTls && !speaksTls(settings),
      'redisCaFile',
      'without TLS',
      one ? 'Write rediss:// in REDIS_URL, or leave this out.' : 'Write REDIS_TLS=true too, or leave this out.',
    ],
  ]
  return found.flatMap(([wrong, key, what, advice]) =>
    wrong ? [{ where: given.nameOf(key), found: what, advice }] : [],
  )
}

function readCertificate({ redisCaFile }: Settings, given: Given, readFile: (path: string) => string | null) {
  if (redisCaFile === undefined) return { ca: undefined, problems: [] }
  const problem = (found: string): Problem => ({
    where: given.nameOf('redisCaFile'),
    found: `${JSON.stringify(redisCaFile)}, ${found}`,
    advice: 'Write the path of a file with one or more certificates in PEM (-----BEGIN CERTIFICATE-----).',
  })
  try {
    const ca = readFile(redisCaFile)
    if (ca === null) return { ca: undefined, problems: [problem('which is not there')] }
    return ca.includes('-----BEGIN CERTIFICATE-----')
      ? { ca, problems: [] }
      : { ca: undefined, problems: [problem('which holds no certificate')] }
  } catch (error) {
    return {
      ca: undefined,
      problems: [problem(`which cannot be read (${error instanceof Error ? error.message : ''})`)],
    }
  }
}
