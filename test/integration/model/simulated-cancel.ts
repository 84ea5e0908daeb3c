import type { BareJid } from '@rollcall/roster'
import type { RosterStore } from '@rollcall/runtime'
import { cancelChunk } from '../../../apps/api/src/cancel-refresh.ts'
import type { SimulatedQueue } from './simulated-queue.ts'
import { type Standstill, standstill } from './standstill.ts'
import type { RealRequest, Truth } from './truth.ts'

export interface CancelDeps {
  readonly store: RosterStore
  readonly queue: SimulatedQueue
  readonly truth: Truth
}

/** An operator's call: the api's own code, stopped before each call that others could see. */
export interface CancelCall extends Pick<Standstill, 'at' | 'step'> {
  readonly request: RealRequest
}

export async function startCancel(request: RealRequest, { store, queue, truth }: CancelDeps): Promise<CancelCall> {
  const { at, pass, start, step } = standstill()
  const users = [...request.users]
  const generations = users.map((jid) => request.generations.get(jid) ?? 0)
  const chunk = { shard: 0, users, requested: { epoch: request.accepted?.epoch ?? '', generations, versions: [] } }

  const failedOf = async () => (await store.states(0, users)).states.map(({ failed }) => failed)
  const standing = {
    cancel: (...args: Parameters<RosterStore['cancel']>) =>
      pass('cancel', async () => {
        const before = await failedOf()
        const result = await store.cancel(...args)
        const after = await failedOf()
        users.forEach((jid, i) => {
          if (after[i] !== before[i]) truth.cancelled(jid, after[i] ?? 0, generations[i] ?? 0)
        })
        truth.explain(`: ${result.cancelled} of ${users.length}`)
        return result
      }),
    states: (...args: Parameters<RosterStore['states']>) => pass('look who is open', () => store.states(...args)),
  }
  const withdrawing = {
    withdraw: (jids: readonly BareJid[]) => pass('withdraw', async () => jids.forEach(queue.withdraw)),
    enqueue: (jids: readonly BareJid[]) => pass('enqueue', async () => jids.forEach(queue.enqueue)),
  }
  await start(async () => {
    await cancelChunk(chunk, { store: standing, queue: withdrawing })
  })
  return { request, at, step }
}
