import { setTimeout as pause } from 'node:timers/promises'
import type { Launcher } from '../launch.ts'
import type { Progress } from '../progress.ts'
import type { Deployment } from './deployment.ts'
import { type OnlineClient, onlineClient } from './online-client.ts'
import type { LatencyPlan } from './plan.ts'
import { type Item, itemOf, jidOf, rosterOf } from './rosters.ts'
import type { XmppServer, XmppServerName } from './server.ts'

export interface LatencyResult {
  readonly server: XmppServerName
  /** From the notice to its answer, in ms. */
  readonly answeredMs: readonly number[]
  /** From the notice to the later one of the two pushes, in ms. */
  readonly pushedMs: readonly number[]
}

/** So that they do not keep step with whatever happens at intervals. */
const PAUSE_MS = 150

/** Two who are online become contacts of one another by one notice: how long until the clients of both are told? */
export async function measureLatency(
  name: XmppServerName,
  { online, befriendings }: LatencyPlan,
  { server, deployment, launcher }: { server: XmppServer; deployment: Deployment; launcher: Launcher },
  progress: Progress,
): Promise<LatencyResult> {
  const usernames = Array.from({ length: online }, (_, i) => `friend-to-be${i}`)
  await server.addUsers(usernames)
  const clients: OnlineClient[] = []
  for (const username of usernames) clients.push(await onlineClient(server.service, username, launcher))
  const rosters = new Map<string, Item[]>(usernames.map((username) => [username, []]))

  const answeredMs: number[] = []
  const pushedMs: number[] = []
  const befriend = async ([a, b]: readonly [OnlineClient, OnlineClient]): Promise<void> => {
    await pause(Math.random() * PAUSE_MS)
    rosters.get(a.username)?.push(itemOf(b.username))
    rosters.get(b.username)?.push(itemOf(a.username))
    const both = [a.username, b.username]
    await deployment.give(Object.fromEntries(both.map((username) => [username, rosterOf(rosters.get(username) ?? [])])))
    const pushed = Promise.all([a.pushOf(jidOf(b.username)), b.pushOf(jidOf(a.username))])
    const started = performance.now()
    const [answered, at] = await Promise.all([deployment.notify(both).then(() => performance.now()), pushed])
    answeredMs.push(answered - started)
    pushedMs.push(Math.max(...at) - started)
  }
  for (const [i, pair] of pairsOf(clients).slice(0, befriendings).entries()) {
    progress(`${name}: befriendings, one after the other`, i + 1, befriendings)
    await befriend(pair)
  }
  return { server: name, answeredMs, pushedMs }
}

/** Each two once. */
function pairsOf<T>(all: readonly T[]): (readonly [T, T])[] {
  const pairs: (readonly [T, T])[] = []
  for (let apart = 1; apart < all.length / 2; apart++)
    for (const [i, one] of all.entries()) {
      const other = all[(i + apart) % all.length]
      if (other !== undefined) pairs.push([one, other])
    }
  return pairs
}
