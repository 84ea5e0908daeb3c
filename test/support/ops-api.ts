import { expect } from 'vitest'
import { type Answer, type SendOptions, send } from './http.ts'

export interface Ask extends SendOptions {
  readonly json?: unknown
}

/** A request to /ops/api of an api. */
export const askAt = (url: string, path: string, { json, ...options }: Ask = {}): Promise<Answer> =>
  send(`${url}/ops/api${path}`, { ...options, ...(json !== undefined && { body: JSON.stringify(json) }) })

/** What a page of the dashboard sends along with what it writes. */
export const ownPage = (url: string) => ({ origin: url, 'sec-fetch-site': 'same-origin' })

/** Logs in as a page of the dashboard does; the cookie as a browser sends it back. */
export async function logInAt(url: string, { token }: { readonly token: string }) {
  const answer = await askAt(url, '/session', { method: 'POST', headers: ownPage(url), json: { token } })
  expect(answer.status).toBe(200)
  const [set = ''] = answer.headers['set-cookie'] ?? []
  return { answer, set, cookie: set.split(';', 1)[0] ?? '' }
}

/** Why something was refused. */
export const detailOf = (answer: Answer) => answer.json<{ detail: string }>().detail

/** What was done and refused of late, the newest first. */
export const auditLogAt = async (url: string, headers: Record<string, string>) =>
  (await askAt(url, '/audit', { headers })).json<{ entries: Record<string, unknown>[] }>().entries
