import type { FriendshipGraph, Person } from './graph.ts'

/** The form in which Rollcall and XMPP servers read a roster: contacts keyed by JID. */
export type RosterAnswer = Readonly<
  Record<string, { readonly name: string; readonly groups: readonly string[]; readonly subscription: 'both' }>
>

/** Who knows whom, in memory: a restart begins anew. Only `users()` and `has()` may be asked about strangers. */
export interface ContactBook {
  users(): readonly Person[]
  has(username: string): boolean
  friendshipCount(): number
  /** Sorted by username, so that the same friends give the same bytes and the same ETag. */
  rosterOf(username: string): RosterAnswer
  friendsOf(username: string): readonly string[]
  /** Without `group`, friends keep their groups and new friends get `Friends`. Says whether anything changed. */
  befriend(a: string, b: string, group?: string): boolean
  unfriend(a: string, b: string): boolean
  rename(username: string, name: string): boolean
}

interface Entry {
  name: string
  readonly friends: Map<string, readonly string[]>
}

export function contactBook(graph: FriendshipGraph, domain: string): ContactBook {
  const entries = new Map<string, Entry>(
    graph.people.map(({ username, name }) => [username, { name, friends: new Map() }]),
  )

  const entry = (username: string): Entry => {
    const found = entries.get(username)
    if (!found) throw new Error(`Nobody is called ${username}`)
    return found
  }
  const link = (a: string, b: string, groups: readonly string[]) => {
    entry(a).friends.set(b, groups)
    entry(b).friends.set(a, groups)
  }
  for (const { a, b, groups } of graph.friendships) link(a, b, groups)

  const friendsOf = (username: string) => [...entry(username).friends.keys()].sort()

  return {
    users: () => [...entries].map(([username, { name }]) => ({ username, name })),
    has: (username) => entries.has(username),
    friendshipCount: () => [...entries.values()].reduce((sum, { friends }) => sum + friends.size, 0) / 2,
    friendsOf,

    rosterOf(username) {
      const { friends } = entry(username)
      return Object.fromEntries(
        friendsOf(username).map((friend) => [
          `${friend}@${domain}`,
          { name: entry(friend).name, groups: friends.get(friend) ?? [], subscription: 'both' as const },
        ]),
      )
    },

    befriend(a, b, group) {
      const before = entry(a).friends.get(b)
      if (before && (group === undefined || (before.length === 1 && before[0] === group))) return false
      link(a, b, [group ?? 'Friends'])
      return true
    },

    unfriend(a, b) {
      entry(b).friends.delete(a)
      return entry(a).friends.delete(b)
    },

    rename(username, name) {
      const person = entry(username)
      if (person.name === name) return false
      person.name = name
      return true
    },
  }
}
