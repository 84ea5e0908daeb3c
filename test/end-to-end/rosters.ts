import { BareJid, parseRoster, toContactsBody } from '@rollcall/roster'
import { type RedisClient, shardKeys, shardOf } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import type { TestBackend } from '../support/backend.ts'

export const usernames = (count: number): string[] => Array.from({ length: count }, (_, i) => `user-${i}`)

/** From now on the backend has that edition of the roster of each of these users, different from everybody else's. */
export function edit(backend: TestBackend, users: readonly string[], edition: number): void {
  for (const user of users) backend.rosters.set(user, rosterOf(user, edition))
}

/** The users whose stored roster is not the one that the backend has now: all are compared, byte by byte. */
export async function notAsInBackend(
  redis: string | RedisClient,
  backend: TestBackend,
  users: readonly string[],
  shards = 1,
): Promise<string[]> {
  const stored = await storedBodies(redis, users, shards)
  const wrong = users.filter((user, i) => stored[i] !== asStored(backend.rosters.get(user)))
  return wrong.length > 10 ? [...wrong.slice(0, 10), `and ${wrong.length - 10} more`] : wrong
}

const rosterOf = (user: string, edition: number) => ({
  [`friend-of-${user}@example.org`]: { name: `Edition ${edition}`, groups: ['Friends'], subscription: 'both' },
  'everybody@example.org': { name: 'Everybody' },
})

function asStored(json: unknown): string {
  const parsed = parseRoster(JSON.stringify(json), { maxContacts: 10 })
  if (parsed.kind === 'invalid') throw new Error(parsed.message)
  return toContactsBody(parsed.roster)
}

async function storedBodies(redis: string | RedisClient, users: readonly string[], shards: number): Promise<unknown[]> {
  if (typeof redis !== 'string') return Promise.all(users.map((user) => redis.hget(rosterKey(user, shards), 'body')))
  const own = new Redis(redis)
  try {
    return await storedBodies(own, users, shards)
  } finally {
    own.disconnect()
  }
}

export function shardOfUser(user: string, shards: number): number {
  return shardOf(BareJid.parse(`${user}@localhost`), shards)
}

const rosterKey = (user: string, shards: number): string =>
  shardKeys(shardOfUser(user, shards)).roster(BareJid.parse(`${user}@localhost`))

/** The edition of each user's stored roster; 0: none. */
export async function storedEditions(redis: RedisClient, users: readonly string[], shards = 1): Promise<number[]> {
  const bodies = await storedBodies(redis, users, shards)
  return bodies.map((body) => Number(/"Edition (\d+)"/.exec(String(body))?.[1] ?? 0))
}
