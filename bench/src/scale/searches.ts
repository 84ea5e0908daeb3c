import type { OpsUserPage } from '@rollcall/roster'
import { expectEqual } from '../expect-equal.ts'
import { usernameAt } from '../rosters.ts'
import { json } from '../stack.ts'

const SEARCHES = 500
/** Prime: names of all lengths and places. */
const STEP = 7919

/** Searches of the dashboard, one after the other, for users whose names begin as somebody types them; ms of each. */
export async function measureSearches(size: number, api: string): Promise<number[]> {
  const took: number[] = []
  for (let i = 0; i < SEARCHES; i++) {
    const name = usernameAt((i * STEP) % size)
    const typed = name.slice(0, 1 + (i % name.length))
    const startedAt = performance.now()
    const { users } = await json<OpsUserPage>(`${api}/ops/api/users?prefix=${encodeURIComponent(typed)}`)
    took.push(performance.now() - startedAt)
    const isRight = users.length > 0 && users.every(({ username }) => username.startsWith(typed))
    expectEqual(`The search for ${typed}`, { isRight }, { isRight: true })
  }
  return took
}
