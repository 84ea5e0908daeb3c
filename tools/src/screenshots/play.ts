import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { writePast } from './past.ts'
import type { Stage } from './stage.ts'

/** Who is looked at in the pictures: changed a few times. */
export const LOOKED_AT = { username: 'john', domain: 'example.org', jid: 'john@example.org' }

/**
 * What an ordinary day brings: refreshes of all sizes, changes of john and others, applications that answer badly, one that stops to
 * answer, and people who look after it. Afterwards a large refresh is under way, for some minutes.
 */
export async function play(stage: Stage): Promise<void> {
  const { backends, example, redisUrl } = stage
  await writePast(redisUrl)
  const everybody = ((await (await fetch(`${example}/users`)).json()) as { username: string }[]).map(
    ({ username }) => username,
  )
  await refresh(stage, 'example.org', everybody)
  for (const domain of ['chat.example.com', 'example.net'] as const)
    await refresh(stage, domain, backends.people[domain])
  for (const [from, to] of PAGES) await refresh(stage, 'example.org', everybody.slice(from, to))

  for (const [a, b] of pairs(everybody)) await change(stage, 'POST', { a, b, group: 'Climbing' })
  const friends = everybody.filter((username) => username !== LOOKED_AT.username).slice(100, 106)
  for (const friend of friends) await change(stage, 'POST', { a: LOOKED_AT.username, b: friend, group: 'Book club' })
  for (const friend of friends.slice(0, 2)) await change(stage, 'DELETE', { a: LOOKED_AT.username, b: friend })

  backends.breakExampleNet()
  await refresh(stage, 'example.net', backends.people['example.net'])
  await lookAfter(stage)
  // Nobody waits for its answer.
  void refresh(stage, 'campus.example.edu', backends.people['campus.example.edu']).catch(() => {})
  await delay(MOMENT_MS)
}

/** Until numbers of the last seconds have been looked at. */
const MOMENT_MS = 8_000

/** Refreshes of a part of the users, as an import brings them. */
const PAGES = [
  [0, 250],
  [250, 500],
  [40, 41],
  [500, 640],
] as const

const pairs = (usernames: readonly string[]): [string, string][] =>
  Array.from({ length: 8 }, (_, i) => [usernames[i * 7] ?? '', usernames[i * 7 + 300] ?? ''])

/** What operators do, and what one is refused who may only look. */
async function lookAfter({ url, tokens }: Stage): Promise<void> {
  const act = async (token: string, method: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const text = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await fetch(`${url}/ops/api${path}`, { method, headers, ...text })
    if (response.status >= 500) throw new Error(`${method} ${path} was answered with ${response.status}`)
  }
  const user = `/users/${LOOKED_AT.jid}`
  await act(tokens.operate, 'POST', '/tokens', { name: 'prosody-1', rights: ['read'], domains: ['example.org'] })
  await act(tokens.operate, 'POST', '/tokens', { name: 'night shift', rights: ['view', 'operate'], domains: '*' })
  await act(tokens.view, 'POST', `${user}/drop`)
  await act(tokens.operate, 'POST', `${user}/refresh`)
  await act(tokens.operate, 'POST', '/queues/1/pause')
  await act(tokens.operate, 'POST', '/queues/1/resume')
  await act(tokens.operate, 'PUT', '/queues/1/limits', { globalConcurrency: 50 })
  await act(tokens.operate, 'POST', '/failures/retry', { code: 'backend-timeout', domain: 'chat.example.com' })
}

/** As the application of that domain would, by its own host name. */
function refresh({ url, tokens }: Stage, domain: string, usernames: readonly string[]): Promise<void> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const outgoing = request({
      hostname,
      port,
      path: '/roster_admin/refresh',
      method: 'POST',
      headers: { host: domain, authorization: `Bearer ${tokens.application}` },
    })
    outgoing.once('response', (response) => response.resume().once('end', resolve))
    outgoing.once('error', reject)
    outgoing.end(JSON.stringify(usernames))
  })
}

/** At the example, which tells Rollcall. */
async function change({ example }: Stage, method: 'POST' | 'DELETE', fields: Record<string, string>): Promise<void> {
  const body = new URLSearchParams(fields)
  const response = await fetch(`${example}/friendships`, { method, body })
  if (!response.ok) throw new Error(`The example answered ${response.status}: ${await response.text()}`)
}
