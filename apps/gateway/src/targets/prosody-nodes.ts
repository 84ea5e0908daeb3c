import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { Log, TargetConfig } from '@rollcall/runtime'

type Config = TargetConfig<'prosody-refresh'>

export interface ProsodyNodesDeps {
  readonly log: Log
  /** All addresses of a host name; default: as the system finds them. */
  readonly lookUp?: (hostname: string) => Promise<readonly LookupAddress[]>
}

export type ProsodyNodes = ReturnType<typeof prosodyNodes>

/** What was found is good for so long. */
const FRESH_MS = 5_000
/** For so long is waited for DNS: the leases of all targets are seen to after it (G7). What comes later is there the next time. */
const LOOK_MS = 1_000

/**
 * The nodes of a target, each with the configuration of a target of its own, `<name>@<host>:<port>`: so one that is down
 * keeps its own place in the change log and holds up no other (G7). Those found by DNS come and go; while a name cannot be
 * looked up, its last addresses stay.
 */
export function prosodyNodes(config: Config, { log, lookUp = ofSystem }: ProsodyNodesDeps) {
  const urls = config.urls.map((url) => new URL(url))
  const known = new Map<string, readonly string[]>()
  let looking: Promise<void> | undefined
  let lookedAt = Number.NEGATIVE_INFINITY

  async function look(): Promise<void> {
    await Promise.all([...new Set(urls.map(({ hostname }) => hostname))].map(lookFor))
    lookedAt = performance.now()
  }

  async function lookFor(hostname: string): Promise<void> {
    try {
      // In brackets, an IPv6 address is one already.
      known.set(hostname, hostname.startsWith('[') ? [hostname] : onePerNode(await lookUp(hostname)))
    } catch (err) {
      log.warn({ target: config.name, hostname, err }, 'The nodes of a target cannot be looked up')
    }
  }

  return {
    /** Distinct, by name. Empty: the names have no addresses yet. */
    async list(): Promise<readonly Config[]> {
      if (!config.everyAddress) return distinct(urls.map((url) => nodeOf(config, url)))
      if (performance.now() - lookedAt >= FRESH_MS) {
        looking ??= look().finally(() => {
          looking = undefined
        })
        await Promise.race([looking, pause(LOOK_MS, undefined, { ref: false })])
      }
      return distinct(
        urls.flatMap((url) => (known.get(url.hostname) ?? []).map((address) => nodeOf(config, withHost(url, address)))),
      )
    },
  }
}

function nodeOf(config: Config, { host, pathname, href }: URL): Config {
  const place = `${host}${pathname.replace(/\/$/, '')}`
  return { ...config, name: `${config.name}@${place}`, urls: [href], everyAddress: false }
}

function withHost(url: URL, address: string): URL {
  const at = new URL(url)
  at.hostname = address
  return at
}

const distinct = (nodes: readonly Config[]): readonly Config[] =>
  [...new Map(nodes.map((node) => [node.name, node])).values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))

const ofSystem = (hostname: string): Promise<readonly LookupAddress[]> => lookup(hostname, { all: true })

/** Those of IPv4 where there are any: a node with addresses of both kinds is one node. As a URL has them. */
function onePerNode(found: readonly LookupAddress[]): readonly string[] {
  const v4 = found.filter(({ family }) => family === 4)
  return v4.length > 0 ? v4.map(({ address }) => address) : found.map(({ address }) => `[${address}]`)
}
