import { hash } from 'node:crypto'
import {
  BareJid,
  diffBodies,
  EMPTY_BODY,
  encodeChange,
  parseRoster,
  userFromJid,
  writeContacts,
} from '@rollcall/roster'
import { connectRedis, createLog, loadConfig, MAX_USERS_PER_CALL, type NewRoster, rosterStore } from '@rollcall/runtime'
import { DOMAIN, POPULATION, rosterText, usernameAt } from '../rosters.ts'

/** Users whose scripts are under way at a time. */
const AT_A_TIME = 200

export interface Fill {
  /** Stores version 0 of the rosters of users `from` to `to` - 1, as workers do. */
  store(from: number, to: number, progress: (stored: number) => void): Promise<void>
  close(): void
}

/** Fills a Redis of one shard by the scripts of the store, without api, worker and backend, which would take far longer. */
export function fill(redisUrl: string): Fill {
  const log = createLog({ level: 'warn', name: 'fill' })
  const env = { REDIS_URL: redisUrl, HTTP_ROSTER_URL: 'http://127.0.0.1/%s' }
  const config = loadConfig({ env, cwd: '/', readFile: () => null })
  const redis = connectRedis({ place: config.redis, role: 'background', name: 'fill', timeoutMs: 60_000, log })
  const store = rosterStore({ ...config, redis, changesMaxLen: config.changesMaxlen }) // as processes with the defaults do
  const write = async (i: number): Promise<void> => {
    const user = userFromJid(jidAt(i))
    const begin = await store.begin(user)
    if (begin.kind !== 'begun') throw new Error(`${user.jid} could not be stored: ${begin.kind}`)
    const written = await store.commit(user, begin, newRosterAt(i))
    if (written !== 'ok') throw new Error(`${user.jid} could not be stored: ${written}`)
  }
  return {
    async store(from, to, progress) {
      for (let at = from; at < to; at += MAX_USERS_PER_CALL) {
        const users = Array.from({ length: Math.min(MAX_USERS_PER_CALL, to - at) }, (_, i) => at + i)
        await store.request(0, users.map(jidAt), '')
        const left = users.values()
        const lane = async (): Promise<void> => {
          for (const i of left) await write(i)
        }
        await Promise.all(Array.from({ length: AT_A_TIME }, lane))
        progress(at + users.length)
      }
    },
    close: () => redis.disconnect(),
  }
}

export const jidAt = (i: number): BareJid => BareJid.parse(`${usernameAt(i)}@${DOMAIN}`)

/** The body that is stored for version 0 of a roster. */
export const storedBodyAt = (i: number): Buffer => newRosterAt(i).body

type Filled = NewRoster & { readonly body: Buffer }

const known = new Map<number, Filled>()

function newRosterAt(i: number): Filled {
  const at = i % POPULATION // whose rosters are the same in the bench's backend
  const before = known.get(at)
  if (before) return before
  const text = rosterText(usernameAt(at), 0)
  const parsed = parseRoster(text, { maxContacts: 100 })
  if (parsed.kind === 'invalid') throw new Error(parsed.message)
  const contacts = writeContacts(parsed.roster)
  const body = Buffer.from(contacts.body)
  const roster = {
    body,
    etag: hash('sha256', body, 'base64url'),
    source: { hash: `of-bench ${hash('sha256', text, 'base64url')}` }, // as long as a worker's
    contacts: parsed.roster.size,
    change: encodeChange(diffBodies(EMPTY_BODY, contacts)),
  }
  known.set(at, roster)
  return roster
}
