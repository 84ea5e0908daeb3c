import { FIRST_NAMES, SURNAMES } from './names.ts'

export interface Person {
  readonly username: string
  readonly name: string
}

/** Holds in both directions, with the same groups on either side. */
export interface Friendship {
  readonly a: string
  readonly b: string
  readonly groups: readonly string[]
}

export interface FriendshipGraph {
  readonly people: readonly Person[]
  readonly friendships: readonly Friendship[]
}

const HOUSEHOLD = 4
const WORKPLACE = 15
const FAR_AWAY = 0.15

/**
 * A small world after Watts and Strogatz: people stand on a ring and know those who stand near, and a few friendships lead
 * far away. Some 20 contacts each. The same seed gives the same graph on every machine.
 */
export function friendshipGraph({ users = 1_000, seed = 6121 } = {}): FriendshipGraph {
  const random = mulberry32(seed)
  const people = inhabitants(users, random)
  const friendships = new Map<string, Friendship>()

  const known = (i: number, j: number) => friendships.has(pair(i, j))
  const meet = (i: number, j: number) => {
    const [a, b] = [people[i], people[j]]
    if (!a || !b || i === j || known(i, j)) return
    friendships.set(pair(i, j), { a: a.username, b: b.username, groups: groupsFor(i, j, random) })
  }

  for (let i = 0; i < users; i++) {
    const reach = 7 + Math.floor(random() * 8)
    for (let step = 1; step <= reach; step++) {
      const near = (i + step) % users
      const far = Math.floor(random() * users)
      const leaves = step >= HOUSEHOLD && random() < FAR_AWAY
      meet(i, leaves && !known(i, far) ? far : near)
    }
  }
  return { people, friendships: [...friendships.values()] }
}

/** The first John is `john`; the next ones are `john.smith`, `john.smith2`. A household shares its surname. */
function inhabitants(count: number, random: () => number): Person[] {
  const firstNames = deck(FIRST_NAMES, random)
  const surnames = deck(SURNAMES, random)
  const people = new Map<string, Person>()
  let surname = ''
  for (let i = 0; i < count; i++) {
    if (i % HOUSEHOLD === 0) surname = surnames()
    const firstName = firstNames()
    const username = firstFree(people, localpart(firstName), `${localpart(firstName)}.${localpart(surname)}`)
    people.set(username, { username, name: `${firstName} ${surname}` })
  }
  return [...people.values()]
}

function firstFree(taken: ReadonlyMap<string, unknown>, short: string, long: string): string {
  if (!taken.has(short)) return short
  let candidate = long
  for (let n = 2; taken.has(candidate); n++) candidate = `${long}${n}`
  return candidate
}

/** `O'Brien` is `obrien` and `Zoë` is `zoe`: an apostrophe may not stand in the localpart of a JID (RFC 7622, section 3.3.1). */
function localpart(name: string): string {
  return name
    .toLowerCase()
    .replaceAll('ø', 'o')
    .normalize('NFD')
    .replace(/[^a-z]/g, '')
}

function groupsFor(i: number, j: number, random: () => number): readonly string[] {
  const together = (size: number) => Math.floor(i / size) === Math.floor(j / size)
  if (together(HOUSEHOLD)) return ['Family']
  if (!together(WORKPLACE)) return ['Friends']
  return random() < 0.2 ? ['Friends', 'Work'] : ['Work']
}

/** Deals every card once, shuffled, before any comes again. */
function deck(cards: readonly string[], random: () => number): () => string {
  let left: string[] = []
  return () => {
    if (left.length === 0) left = shuffled(cards, random)
    return left.pop() ?? ''
  }
}

function shuffled(cards: readonly string[], random: () => number): string[] {
  return cards
    .map((card) => ({ card, at: random() }))
    .sort((x, y) => x.at - y.at)
    .map(({ card }) => card)
}

const pair = (i: number, j: number) => (i < j ? `${i}-${j}` : `${j}-${i}`)

/** A small seeded generator of numbers in [0, 1) (Tommy Ettinger's mulberry32); `Math.random` takes no seed. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
