import {
  type BareJid,
  type OpsJob,
  type OpsJobPage,
  OpsJobState,
  OpsQueueLimits,
  printable,
  splitBareJid,
} from '@rollcall/roster'
import { type QueueControl, shardList } from '@rollcall/runtime'
import { parseBody } from './body.ts'
import { valueIn } from './query.ts'
import { insistOn, insistOnAll, may, type Operator, type OpsCall, OpsError, type OpsRoute } from './route.ts'

export interface QueueRoutesDeps {
  readonly queues: QueueControl
  readonly shards: number
}

const JOBS_PER_PAGE = 50
/** Further back BullMQ has to count from the beginning. */
const MOST_JOBS_BEFORE = 1_000_000

/** The queues: to pause, limit and look into; `<shard>` is a number, or `all` for those that write. */
export function queueRoutes(deps: QueueRoutesDeps): OpsRoute[] {
  const { queues } = deps
  const look = { method: 'get', right: 'view', scope: 'everywhere' } as const
  const write = { right: 'operate', scope: 'everywhere' } as const
  const path = '/queues/:shard'
  return [
    {
      ...write,
      method: 'post',
      path: `${path}/pause`,
      action: 'pause-queue',
      handle: (call) => forEachShard(call, deps, '', queues.pause),
    },
    {
      ...write,
      method: 'post',
      path: `${path}/resume`,
      action: 'resume-queue',
      handle: (call) => forEachShard(call, deps, '', queues.resume),
    },
    {
      ...write,
      method: 'put',
      path: `${path}/limits`,
      action: 'limit-queue',
      async handle(call) {
        const limits = parseBody(OpsQueueLimits, call.body)
        return forEachShard(call, deps, `: ${inWords(limits)}`, (shard) => queues.limit(shard, limits))
      },
    },
    { ...look, path: `${path}/jobs`, handle: (call) => jobs(call, deps) },
    { ...look, path: `${path}/jobs/:id`, handle: (call) => job(call, deps) },
  ]
}

/** Answers with the shards that it was done for. */
async function forEachShard(
  call: OpsCall,
  { shards }: QueueRoutesDeps,
  how: string,
  act: (shard: number) => Promise<void>,
): Promise<{ shards: number[] }> {
  const named = call.params.shard
  const all = Array.from({ length: shards }, (_, shard) => shard)
  const asked = named === 'all' ? all : [shardIn(call, shards)]
  call.tell(`shard ${shardList(asked)}${how}`)
  await Promise.all(asked.map(act))
  return { shards: asked }
}

/** Jobs of users of domains that are not the caller's to see are left out. */
async function jobs(call: OpsCall, { queues, shards }: QueueRoutesDeps): Promise<OpsJobPage> {
  const shard = shardIn(call, shards)
  const state = valueIn(call.query, 'state', OpsJobState, `one of ${OpsJobState.options.join(', ')}`) ?? 'active'
  const at = Number(call.query.at || 0)
  if (!Number.isInteger(at) || at < 0 || at > MOST_JOBS_BEFORE)
    throw new OpsError(
      400,
      `?at= is ${printable(call.query.at ?? '')}, which is no number from 0 to ${MOST_JOBS_BEFORE}`,
    )
  const { rows, isWhole } = await queues.jobs(shard, state, at, JOBS_PER_PAGE)
  return {
    jobs: rows.filter(({ user }) => mayView(call.operator, user)),
    next: isWhole ? at + JOBS_PER_PAGE : null,
  }
}

async function job(call: OpsCall, { queues, shards }: QueueRoutesDeps): Promise<OpsJob> {
  const { id = '' } = call.params
  const found = JOB_ID.test(id) ? await queues.job(shardIn(call, shards), id) : null
  if (!found) throw new OpsError(404, `There is no job ${printable(id)} in this queue (any more): it has ended`)
  const { user, ...kept } = found
  if (user !== undefined) insistOn(call.operator, 'view', splitBareJid(user).domain)
  else insistOnAll(call.operator, 'view')
  return kept
}

/** Somebody else's jobs are of no domain. */
const mayView = (operator: Operator, user: BareJid | undefined): boolean =>
  user === undefined ? operator.domains === '*' : may(operator, 'view', splitBareJid(user).domain)

/** As BullMQ and the queue of refreshes make them, with a number at the end: no other key of the queue, such as `meta`, is one. */
const JOB_ID = /^[0-9a-z-]{0,99}\d$/

function shardIn({ params }: OpsCall, shards: number): number {
  const shard = Number(params.shard)
  if (/^\d+$/.test(params.shard ?? '') && shard < shards) return shard
  throw new OpsError(404, `There is no shard ${printable(params.shard ?? '')}: SHARDS is ${shards}`)
}

/** For the audit log. */
function inWords({ globalConcurrency, rateLimit }: OpsQueueLimits): string {
  const words: string[] = []
  if (globalConcurrency !== undefined) words.push(`${globalConcurrency ?? 'any number'} at a time`)
  if (rateLimit !== undefined)
    words.push(rateLimit === null ? 'at any rate' : `${rateLimit.max} within ${rateLimit.durationMs} ms`)
  return words.join(', ') || 'as they were'
}
