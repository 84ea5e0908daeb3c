import type { ReadOptions } from './reads.ts'
import type { RefreshRounds } from './refreshes.ts'

export interface Plan {
  /** Each with a stack of its own, one after the other. */
  readonly stacks: readonly {
    readonly concurrency: number
    readonly refreshes: readonly RefreshRounds[]
    readonly reads?: ReadOptions
  }[]
}

export function planOf({ quick }: { readonly quick: boolean }): Plan {
  const atOnce = (users: number, change: 'all' | 'none', rounds: number, etag = false): RefreshRounds => ({
    users,
    change,
    etag,
    delayMs: 0,
    rounds,
  })
  const after20Ms = (users: number, change: 'all' | 'none', rounds: number): RefreshRounds => ({
    ...atOnce(users, change, rounds),
    delayMs: 20,
  })
  if (quick) {
    const refreshes = [1, 100, 1_000, 10_000].flatMap((users) => {
      const rounds = users === 10_000 ? 2 : 5
      return [atOnce(users, 'all', rounds), atOnce(users, 'none', rounds)]
    })
    return { stacks: [{ concurrency: 50, refreshes, reads: { rounds: 3, requests: 20_000 } }] }
  }
  const roundsOf: readonly (readonly [users: number, atOnce: number, after20Ms: number])[] = [
    [1, 30, 20],
    [100, 20, 8],
    [1_000, 8, 5],
    [10_000, 5, 3],
  ]
  return {
    stacks: [
      {
        concurrency: 50,
        refreshes: [
          ...roundsOf.flatMap(([users, rounds]) => [atOnce(users, 'all', rounds), atOnce(users, 'none', rounds)]),
          atOnce(10_000, 'none', 3, true),
        ],
        reads: { rounds: 6, requests: 30_000 },
      },
      {
        concurrency: 100,
        refreshes: roundsOf.flatMap(([users, , rounds]) => [
          after20Ms(users, 'all', rounds),
          after20Ms(users, 'none', rounds),
        ]),
      },
    ],
  }
}
