import { Agent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../tools/src/index.ts'
import { startBackend } from '../support/backend.ts'
import { freshRedisUrl } from '../support/fresh-redis.ts'
import { type Answer, send } from '../support/http.ts'
import { nginxInFrontOf } from '../support/nginx.ts'
import { type ApiProcess, type AppProcess, spawnApi, spawnWorker } from '../support/processes.ts'
import { edit, notAsInBackend, usernames } from './rosters.ts'

const USERS = usernames(200)
const READERS = 4
const REFRESHERS = 4
/** The load is steady, not all that two cores can do. */
const BETWEEN_MS = 5

test('every api and worker is replaced, one by one under load behind nginx, and no request fails', async () => {
  const backend = await startBackend()
  onTestFinished(backend.close)
  const env = { REDIS_URL: await freshRedisUrl(), HTTP_ROSTER_URL: backend.template, DRAIN_MS: '3000' } // its default
  const ports = [await freePort(), await freePort()] as const
  const startApi = (port: number): Promise<ApiProcess> => spawnApi({ ...env, PORT: String(port) })
  const apis = await Promise.all(ports.map(startApi))
  const workers = await Promise.all([spawnWorker(env), spawnWorker(env)])
  edit(backend, USERS, 1)
  const { url } = await nginxInFrontOf(ports)

  const load = startLoad(url)
  await load.going()
  for (const [i, api] of apis.entries()) {
    await replaced(api, () => startApi(ports[i] ?? 0))
    await load.going()
  }
  for (const worker of workers) {
    await replaced(worker, () => spawnWorker(env))
    await load.going()
  }
  edit(backend, USERS, 2)
  const { failed, answered } = await load.end()
  expect(failed.slice(0, 10)).toEqual([])
  expect(answered.read).toBeGreaterThan(100)
  expect(answered.refresh).toBeGreaterThan(20)

  const last = await send(`${url}/roster_admin/refresh`, { method: 'POST', body: JSON.stringify(USERS) })
  expect(last.json()).toMatchObject({ updated: USERS.length, errors: 0 })
  expect(await notAsInBackend(env.REDIS_URL, backend, USERS)).toEqual([])
})

async function replaced(old: AppProcess, start: () => Promise<AppProcess>): Promise<void> {
  old.kill('SIGTERM')
  expect(await old.exited).toEqual({ code: 0, signal: null })
  await start()
}

/** Readers and refreshers that go on until they are told to end, each on a kept connection of its own. */
function startLoad(url: string) {
  const failed: string[] = []
  const answered = { read: 0, refresh: 0 }
  let ending = false

  async function lane(kind: keyof typeof answered, ask: (agent: Agent) => Promise<Answer>): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (!ending) {
      const answer = await ask(agent).catch((error: Error) => error)
      if (answer instanceof Error) failed.push(`${kind}: ${answer.message}`)
      else if (answer.status !== 200) failed.push(`${kind}: ${answer.status} ${answer.text.slice(0, 200)}`)
      else answered[kind] += 1
      await delay(BETWEEN_MS)
    }
    agent.destroy()
  }
  const someone = () => USERS[Math.floor(Math.random() * USERS.length)] ?? ''
  const read = (agent: Agent) => send(`${url}/contacts/${someone()}`, { agent })
  const refresh = (agent: Agent) =>
    send(`${url}/roster_admin/refresh`, { method: 'POST', body: JSON.stringify([someone(), someone()]), agent })
  const lanes = [
    ...Array.from({ length: READERS }, () => lane('read', read)),
    ...Array.from({ length: REFRESHERS }, () => lane('refresh', refresh)),
  ]

  return {
    /** Both kinds have been answered some more times. */
    async going(): Promise<void> {
      const { read, refresh } = { ...answered }
      await expect.poll(() => answered.read > read + 10 && answered.refresh > refresh + 2).toBe(true)
    },
    async end() {
      ending = true
      await Promise.all(lanes)
      return { failed, answered }
    },
  }
}
