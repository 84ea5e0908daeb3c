import { BareJid, parseRoster, toContactsBody } from '@rollcall/roster'
import { shardKeys } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import type { TestBackend } from '../support/backend.ts'

export const usernames = (count: number): string[] => Array.from({ length: count }, (_, i) => `user-${i}`)

/** From now on the backend has that edition of the roster of each of these users, different from everybody else's. */
export function edit(backend: TestBackend, users: readonly string[], edition: number): void {
  for (const user of users) backend.rosters.set(user, rosterOf(user, edition))
}

/** The users whose stored roster is not the one that the backend has now: all are compared, byte by byte. */
export async function notAsInBackend(
  redisUrl: string,
  backend: TestBackend,
  users: readonly string[],
): Promise<string[]> {
  const stored = await storedBodies(redisUrl, users)
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

async function storedBodies(redisUrl: string, users: readonly string[]): Promise<unknown[]> {
  const redis = new Redis(redisUrl)
  try {
    const pipeline = redis.pipeline()
    for (const user of users) pipeline.hget(shardKeys(0).roster(BareJid.parse(`${user}@localhost`)), 'body')
    return ((await pipeline.exec()) ?? []).map(([, body]) => body)
  } finally {
    redis.disconnect()
  }
}
