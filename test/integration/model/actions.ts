import type { BareJid } from '@rollcall/roster'
import { shardKeys } from '../../../packages/runtime/src/keys.ts'
import type { Command, Doing } from './scenario.ts'
import { startCancel } from './simulated-cancel.ts'
import type { ApiCall } from './simulated-replica.ts'
import { crash, freeze, resend, work } from './worker-actions.ts'
import type { Action, World } from './world.ts'

/** What a command comes to as things stand; null when it makes no sense now. */
export function actionFor(command: Command, world: World): Action | null {
  switch (command.do) {
    case 'change':
      return change(command, world)
    case 'ask':
      return ask(command, world)
    case 'api':
    case 'crash-api':
    case 'lose-enqueue':
    case 'resend-request':
      return goOnWithCall(command, world)
    case 'work':
      return work(command, world)
    case 'freeze':
      return freeze(command, world)
    case 'crash':
      return crash(command, world)
    case 'resend':
      return resend(command, world)
    case 'forget':
      return forget(command, world)
    case 'cancel':
    case 'go-on-cancel':
    case 'crash-cancel':
      return cancel(command, world)
    case 'dismiss':
      return dismiss(world)
    case 'deliver':
    case 'lose-message':
    case 'look':
      return hear(command, world)
    default:
      return system(command.do, world)
  }
}

function change({ user }: Doing<'change'>, { truth }: World): Action | null {
  const jid = truth.users[user]
  if (!jid) return null
  return {
    what: `the roster of ${jid} changes`,
    writes: false,
    run: () => {
      truth.of(jid).serial++
    },
  }
}

function ask({ users, replica, changed, atOnce }: Doing<'ask'>, { truth, replicas, calls }: World): Action | null {
  const api = replicas[replica]
  if (!api || calls.length >= MOST_CALLS) return null
  const asked = truth.users.filter((_, i) => (users & (1 << i)) !== 0)
  const name = `request ${truth.requests.length + 1}`
  return {
    what: `${changed ? 'rosters change and ' : ''}${name} for ${asked.join(', ')} comes to replica ${replica}`,
    writes: atOnce,
    async run() {
      if (changed) for (const jid of asked) truth.of(jid).serial++
      const call = await api.ask(asked, name)
      calls.push(call)
      while (atOnce && call.at() !== null) await call.step()
    },
  }
}

/** That wait at a time. */
const MOST_CALLS = 8

function goOnWithCall(
  { do: how, call: pick }: Doing<'api' | 'crash-api' | 'lose-enqueue' | 'resend-request'>,
  world: World,
): Action | null {
  const running = world.calls.filter((call) => call.at() !== null && !call.request.crashed)
  const call = running[pick % running.length]
  if (!call) return null
  const what = `${call.request.name}: ${call.at()}`
  const writes = call.at() === 'request'
  switch (how) {
    case 'api':
      return { what, writes, run: () => call.step() }
    case 'crash-api':
      return world.rules.lostJobs
        ? { what: `${what}: its api crashes before`, writes: false, run: () => call.crash() }
        : null
    case 'lose-enqueue':
      return world.rules.lostJobs && call.at() === 'enqueue'
        ? { what: `${what} fails`, writes, run: () => call.loseEnqueue() }
        : null
    case 'resend-request':
      return writes ? { what: `${what}, the answer is lost`, writes, run: () => call.stepWithoutAnswer() } : null
  }
}

function hear({ do: how, replica }: Doing<'deliver' | 'lose-message' | 'look'>, { replicas }: World): Action | null {
  const api = replicas[replica]
  if (!api) return null
  if (how === 'look') {
    if (!api.looking() && !api.waits()) return null
    const what = api.looking() ? 'makes something of its look' : 'looks at whom it waits for'
    return { what: `replica ${replica} ${what}`, writes: false, run: () => api.look() }
  }
  if (api.inbox.length === 0) return null
  return how === 'deliver'
    ? { what: `replica ${replica} hears of a user`, writes: false, run: () => api.deliver() }
    : { what: `a message to replica ${replica} is lost`, writes: false, run: () => api.inbox.shift() }
}

function forget({ users }: Doing<'forget'>, { truth, redis, store }: World): Action | null {
  const unused = truth.users.filter((jid, i) => (users & (1 << i)) !== 0 && truth.isStored(jid))
  if (unused.length === 0) return null
  return {
    what: 'rosters that nobody uses are dropped',
    writes: true,
    async run() {
      const { used, open } = shardKeys(0)
      await redis.zadd(used, ...unused.flatMap((jid) => [0, jid]))
      const asked = await redis.zrange(open, '0', '-1')
      await store.dropUnused(0, 0)
      const dropped = unused.filter((jid) => !asked.includes(jid))
      truth.explain(`: ${dropped.join(', ')}`)
      for (const jid of dropped) truth.forgotten(jid)
    },
  }
}

function cancel(
  { do: how, call: pick }: Doing<'cancel' | 'go-on-cancel' | 'crash-cancel'>,
  world: World,
): Action | null {
  const { truth, cancels, rules } = world
  if (how === 'cancel') {
    const accepted = truth.requests.filter(({ accepted }) => accepted?.losses === truth.losses())
    const request = accepted[pick % accepted.length]
    if (!request || cancels.length >= MOST_CALLS) return null
    return {
      what: `somebody cancels ${request.name}`,
      writes: false,
      run: async () => cancels.push(await startCancel(request, world)),
    }
  }
  const running = cancels.filter((call) => call.at() !== null)
  const call = running[pick % running.length]
  if (!call) return null
  const what = `cancelling ${call.request.name}: ${call.at()}`
  if (how === 'go-on-cancel') {
    return {
      what,
      writes: call.at() === 'cancel',
      async run() {
        await call.step()
        if (call.at() === null) cancels.splice(cancels.indexOf(call), 1)
      },
    }
  }
  if (!rules.lostJobs) return null
  return {
    what: `${what}: its api crashes before`,
    writes: false,
    run: () => cancels.splice(cancels.indexOf(call), 1),
  }
}

function dismiss({ truth, store }: World): Action | null {
  return {
    what: 'all failures are dismissed',
    writes: true,
    async run() {
      const parts = await store.failureParts()
      const users = await store.failedBehind(parts, null, truth.users.length)
      truth.explain(
        `: ${users
          .map(({ member }) => member)
          .sort()
          .join(', ')}`,
      )
      for (const part of parts) await store.dismiss(part, Number.MAX_SAFE_INTEGER, truth.users.length)
      for (const { member } of users) truth.dismissed(member as BareJid)
    },
  }
}

function system(
  what: Doing<'stall-check' | 'wake' | 'sweep' | 'repair' | 'lose-repair' | 'flush'>['do'],
  world: World,
): Action | null {
  const { queue, store, rules, redis, truth } = world
  switch (what) {
    case 'stall-check':
      return queue.stalled() ? { what: 'stalled jobs wait again', writes: false, run: () => queue.stallCheck() } : null
    case 'wake':
      return queue.delayed() ? { what: 'delayed jobs wait again', writes: false, run: () => queue.wake() } : null
    case 'sweep':
      if (!rules.sweep) return null
      return {
        what: 'sweep',
        writes: true,
        async run() {
          const open = (await store.sweep(0, 0, 0, 1000)).sort()
          truth.explain(`: ${open.join(', ')}`)
          for (const jid of open) queue.enqueue(jid)
        },
      }
    case 'repair':
    case 'lose-repair': {
      const lost = what === 'lose-repair'
      if (lost && !rules.lostJobs) return null
      return {
        what: lost ? 'repair, and the jobs are lost' : 'repair',
        writes: true,
        async run() {
          const failed = (await store.repair(0)).sort()
          truth.explain(`: ${failed.join(', ')}`)
          if (!lost) for (const jid of failed) queue.enqueue(jid)
        },
      }
    }
    case 'flush':
      if (!rules.dataLoss || !truth.requests.some(({ accepted }) => accepted?.losses === truth.losses())) return null
      return {
        what: 'Redis loses its data',
        writes: true,
        async run() {
          await redis.flushdb()
          queue.clear()
          truth.lostAllData()
        },
      }
  }
}

/** Callers who were answered, or who hung up because their api died, are no longer looked at. */
export function dropEnded(calls: ApiCall[]): void {
  for (let i = calls.length - 1; i >= 0; i--) {
    const call = calls[i]
    if (call && (call.request.crashed || (call.at() === null && call.tally.counts().pending === 0))) calls.splice(i, 1)
  }
}
