import { cpuOfProcess } from '../cpu.ts'
import { expectEqual } from '../expect-equal.ts'
import type { Launcher } from '../launch.ts'
import type { Progress } from '../progress.ts'
import type { Deployment, GatewayCpu } from './deployment.ts'
import { type OnlineClient, onlineClient } from './online-client.ts'
import type { ThroughputPlan } from './plan.ts'
import { guestOf, type Item, itemsAfter, rosterOf } from './rosters.ts'
import type { DirectApi, XmppServer, XmppServerName } from './server.ts'

export interface ThroughputResult {
  readonly server: XmppServerName
  readonly users: number
  readonly online: number
  /** By its own API. */
  readonly atATime: number
  /** Of one round each, measured one right after the other. */
  readonly pairs: readonly { readonly rollcall: SetsSample; readonly direct: SetsSample }[]
}

export interface SetsSample {
  readonly setsPerSecond: number
  /** CPU of the XMPP server, µs per set. */
  readonly server: number
  /** Of ours, µs per set; not where nothing of ours has part. */
  readonly cpu?: GatewayCpu
}

/**
 * One contact more in each of many rosters: by one notice, from the request to when the server has taken the last one, and
 * by calling the server itself, for as many others. Of both some are online, and are pushed to.
 */
export async function measureThroughput(
  name: XmppServerName,
  { offline, online, rounds }: ThroughputPlan,
  { server, deployment, launcher }: { server: XmppServer; deployment: Deployment; launcher: Launcher },
  progress: Progress,
): Promise<ThroughputResult> {
  const title = `${name}: ${(offline + online).toLocaleString('en')} rosters, one contact more`
  progress(`${title}, users`, 1, 1)
  const [told, called] = [usernames('told', offline + online), usernames('called', offline + online)]
  await server.addUsers([...told, ...called])
  const clients: OnlineClient[] = []
  const every = Math.floor((offline + online) / online)
  for (let i = 0; i < online; i++)
    for (const all of [told, called]) clients.push(await onlineClient(server.service, all[i * every] ?? '', launcher))

  const cpuNow = async () => ({ server: cpuOfProcess(server.pid), ...(await deployment.cpu()) })
  const measure = async (work: () => Promise<void>) => {
    const [before, started] = [await cpuNow(), performance.now()]
    await work()
    const [seconds, after] = [(performance.now() - started) / 1000, await cpuNow()]
    const perSet = (of: keyof typeof before): number => (after[of] - before[of]) / told.length
    return { setsPerSecond: told.length / seconds, perSet }
  }

  const byRollcall = async (round: number): Promise<SetsSample> => {
    const roster = rosterOf(itemsAfter(round))
    await deployment.give(Object.fromEntries(told.map((username) => [username, roster])))
    const [target] = await deployment.targetProgress()
    const wanted = (target?.writes ?? 0) + told.length * (round === 0 ? itemsAfter(0).length : 1)
    const { setsPerSecond, perSet } = await measure(async () => {
      await deployment.notify(told)
      await deployment.until((all) => all.every(({ writes, waiting }) => writes >= wanted && waiting === 0))
    })
    const cpu = { gateway: perSet('gateway'), others: perSet('others'), redis: perSet('redis') }
    return { setsPerSecond, server: perSet('server'), cpu }
  }

  const byServer = async (items: readonly Item[]): Promise<SetsSample> => {
    const { setsPerSecond, perSet } = await measure(async () => {
      for (const item of items) await setAll(server.direct, called, item)
    })
    return { setsPerSecond, server: perSet('server') }
  }

  const check = async (round: number): Promise<void> => {
    const wanted = itemsAfter(round)
      .map(({ jid }) => jid)
      .sort()
    for (const username of [...told, ...called])
      expectEqual(`${name}, for ${username},`, await server.direct.contacts(username), wanted)
    const pushes = clients.map((client) => client.pushes())
    expectEqual(
      `${name}, for who is online,`,
      pushes,
      pushes.map(() => wanted.length),
    )
  }

  const pairs: { rollcall: SetsSample; direct: SetsSample }[] = []
  for (let round = 0; round <= rounds + 1; round++) {
    // Nobody has a roster yet, then one round until V8 has compiled the code.
    if (round < 2) progress(`${title}, warming up`, round + 1, 2)
    else progress(title, round - 1, rounds)
    const rollcall = await byRollcall(round)
    const direct = await byServer(round === 0 ? itemsAfter(0) : [guestOf(round)])
    if (round >= 2) pairs.push({ rollcall, direct })
  }
  await check(rounds + 1)
  return { server: name, users: told.length, online, atATime: server.direct.atATime, pairs }
}

async function setAll(api: DirectApi, usernames: readonly string[], item: Item): Promise<void> {
  const left = usernames.values()
  const lane = async (): Promise<void> => {
    for (const username of left) await api.set(username, item)
  }
  await Promise.all(Array.from({ length: api.atATime }, lane))
}

const usernames = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(5, '0')}`)
