import { describe, expect, it } from 'vitest'
import { contactBook } from './contact-book.ts'
import { friendshipGraph } from './graph.ts'
import { FIRST_NAMES, SURNAMES } from './names.ts'

describe('friendshipGraph', () => {
  const graph = friendshipGraph()
  const book = contactBook(graph, 'localhost')
  const usernames = graph.people.map(({ username }) => username)
  const sizes = usernames.map((username) => book.friendsOf(username).length)

  it('is the same each time', () => {
    expect(friendshipGraph()).toEqual(graph)
    expect(graph.friendships[0]).toMatchInlineSnapshot(`
      {
        "a": "hassan",
        "b": "diana",
        "groups": [
          "Family",
        ],
      }
    `)
  })

  it('is another one with another seed', () => {
    expect(friendshipGraph({ seed: 1 })).not.toEqual(graph)
  })

  it('has 1,000 users, each username once and fit for a JID', () => {
    expect(new Set(usernames).size).toBe(1_000)
    expect(usernames.filter((username) => !/^[a-z]+(\.[a-z]+\d*)?$/.test(username))).toEqual([])
  })

  it('has the users that the documentation speaks of, john and aaron not yet friends', () => {
    expect(['john', 'aaron', 'mary', 'lexi', 'zoe', 'jose'].filter((username) => !book.has(username))).toEqual([])
    expect(book.friendsOf('john')).not.toContain('aaron')
  })

  it('gives everybody about 20 contacts', () => {
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(10)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(35)
    expect(sizes.reduce((sum, size) => sum + size) / sizes.length).toBeCloseTo(20, -1)
  })

  it('is symmetrical, the groups included, and nobody is their own friend', () => {
    const rosters = new Map(usernames.map((username) => [username, book.rosterOf(username)]))
    const seen = (a: string, b: string) => rosters.get(a)?.[`${b}@localhost`]?.groups
    const oneSided = usernames.flatMap((a) => book.friendsOf(a).filter((b) => a === b || seen(a, b) !== seen(b, a)))
    expect(oneSided).toEqual([])
  })

  it('is a small world: the friends of a user know each other, and everybody is within five steps of john', () => {
    const friends = book.friendsOf('john')
    const acquainted = friends.filter((one) => book.friendsOf(one).some((other) => friends.includes(other)))
    expect(acquainted.length).toBeGreaterThan(friends.length / 2)

    let reached = new Set(['john'])
    for (let step = 0; step < 5; step++) reached = new Set([...reached, ...[...reached].flatMap(book.friendsOf)])
    expect(reached.size).toBe(1_000)
  })

  it('puts a family under one surname', () => {
    const surname = new Map(graph.people.map(({ username, name }) => [username, name.split(' ').at(-1)]))
    const families = graph.friendships.filter(({ groups }) => groups.includes('Family'))
    expect(families.filter(({ a, b }) => surname.get(a) !== surname.get(b))).toEqual([])
    expect(new Set(graph.friendships.flatMap(({ groups }) => groups))).toEqual(new Set(['Family', 'Friends', 'Work']))
  })

  it('works with few users', () => {
    expect(friendshipGraph({ users: 1 })).toMatchObject({ people: [{}], friendships: [] })
    expect(friendshipGraph({ users: 3 }).friendships).toHaveLength(3)
  })
})

it.each([
  ['first names', FIRST_NAMES],
  ['surnames', SURNAMES],
])('lists each of the %s once', (_what, names) => {
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
})
