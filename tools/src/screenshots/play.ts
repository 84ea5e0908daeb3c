import { setTimeout as delay } from 'node:timers/promises'
import type { Stage } from './stage.ts'

/** Who is looked at in the pictures: changed a few times. */
export const LOOKED_AT = { username: 'john', domain: 'example.org', jid: 'john@example.org' }

const SETTLED_MS = 60_000

/**
 * What an ordinary day brings: refreshes of all sizes, changes of john and others, applications that answer badly, and one that stops to
 * answer. Afterwards a large refresh is under way, for some minutes.
 */
export async function play(stage: Stage): Promise<void> {
  const { backends, example } = stage
  const everybody = ((await (await fetch(`${example}/users`)).json()) as { username: string }[]).map(
    ({ username }) => username,
  )
  await refresh(stage, everybody)
  for (const domain of ['chat.example.com', 'example.net'] as const)
    await refresh(stage, of(domain, backends.people[domain]))

  for (const [a, b] of pairs(everybody)) await change(stage, 'POST', { a, b, group: 'Climbing' })
  const friends = everybody.filter((username) => username !== LOOKED_AT.username).slice(100, 112)
  for (const friend of friends) await change(stage, 'POST', { a: LOOKED_AT.username, b: friend, group: 'Book club' })
  for (const friend of friends.slice(0, 3)) await change(stage, 'DELETE', { a: LOOKED_AT.username, b: friend })

  backends.breakExampleNet()
  await refresh(stage, of('example.net', backends.people['example.net']))
  void refresh(stage, of('campus.example.edu', backends.people['campus.example.edu'])).catch(() => {})
  await delay(MOMENT_MS)
}

/** Until numbers of the last seconds have been looked at. */
const MOMENT_MS = 8_000

const of = (domain: string, usernames: readonly string[]) => usernames.map((username) => `${username}@${domain}`)

const pairs = (usernames: readonly string[]): [string, string][] =>
  Array.from({ length: 24 }, (_, i) => [usernames[i * 7] ?? '', usernames[i * 7 + 300] ?? ''])

async function refresh({ url, tokens }: Stage, usernames: readonly string[]): Promise<void> {
  await fetch(`${url}/roster_admin/refresh`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokens.application}` },
    body: JSON.stringify(usernames),
    signal: AbortSignal.timeout(SETTLED_MS),
  })
}

/** At the example, which tells Rollcall. */
async function change({ example }: Stage, method: 'POST' | 'DELETE', fields: Record<string, string>): Promise<void> {
  const body = new URLSearchParams(fields)
  const response = await fetch(`${example}/friendships`, { method, body })
  if (!response.ok) throw new Error(`The example answered ${response.status}: ${await response.text()}`)
}
