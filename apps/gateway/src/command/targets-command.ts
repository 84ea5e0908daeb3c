import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type BareJid, type Domain, parseUser } from '@rollcall/roster'
import {
  byShard,
  type Config,
  type RedisClient,
  type TargetConfig,
  type TargetState,
  targetLog,
  type Walk,
} from '@rollcall/runtime'
import Table from 'cli-table3'
import type { SyncAnswer } from '../sync-answer.ts'
import { targetsOf } from '../targets-of.ts'

export const HELP = `npm run targets: who is told of changes, and how that goes

  npm run targets                                   each target with its state, lag and last error
  npm run targets -- sync john --target prosody     brings john's roster to a target now
  npm run targets -- sync john --target prosody --dry-run
                                                    says what would be written, and writes nothing
  npm run targets -- sync --all --target prosody    all users of its domain; also with --dry-run
  npm run targets -- attempts hook                  what came of the last attempts, the newest first
  npm run targets -- enable hook                    a target that was disabled is told of changes again

The work is done by the gateways that run; their configuration is needed here too (.env, rollcall.config.json).
Exit code 0: all went well; 1: something did not, or the command is not understood.
`

/** A gateway takes what is asked for within a poll; one that is about to take over needs the time of a lease. */
const ANSWER_MS = 30_000
/** What a gateway has not said again for so long is no longer so; clocks differ, and another one has to take over. */
const SILENT_MS = 30_000
/** Attempts that are shown. */
const MOST_ATTEMPTS = 50
/** Users asked for at a time. */
const PAGE = 500
const POLL_MS = 100

export interface CommandDeps {
  readonly config: Config
  readonly redis: RedisClient
  readonly print: (text: string) => void
  /** For what is of interest only while it goes on. */
  readonly progress: (text: string) => void
}

/** What was asked for cannot be done; the message says why and what to write. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/** Returns the exit code. */
export async function targetsCommand(argv: readonly string[], deps: CommandDeps): Promise<0 | 1> {
  const { positionals, values } = parse(argv)
  const [command = 'list', name] = positionals
  if (command === 'list') return list(deps)
  if (command === 'enable') return enable(await targetNamed(name, deps), deps)
  if (command === 'attempts') return attempts(await targetNamed(name, deps), deps)
  if (command !== 'sync') throw new CommandError(`There is no command ${command}: use list, sync, attempts or enable`)
  const target = await targetNamed(values.target, deps)
  if ((name === undefined) === (values.all !== true))
    throw new CommandError('Name a user, or write --all for all users')
  const dryRun = values['dry-run'] === true
  return name === undefined ? syncAll(target, dryRun, deps) : syncOne(name, target, dryRun, deps)
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { target: { type: 'string' }, all: { type: 'boolean' }, 'dry-run': { type: 'boolean' } },
    })
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error))
  }
}

async function targetNamed(name: string | undefined, deps: CommandDeps): Promise<TargetConfig> {
  const targets = await targetsOf(deps.config)()
  const names = targets.map((target) => target.name).join(', ')
  if (name === undefined) throw new CommandError(`Name a target: one of ${names}`)
  const target = targets.find((each) => each.name === name)
  if (!target) throw new CommandError(`There is no target ${name}; there are ${names || 'none (TARGETS)'}`)
  return target
}

const logOf = ({ name }: TargetConfig, shard: number, { redis }: CommandDeps) =>
  targetLog({ redis, target: name, shard })
const shardsOf = ({ config }: CommandDeps): number[] => Array.from({ length: config.shards }, (_, shard) => shard)

async function list(deps: CommandDeps): Promise<0 | 1> {
  const table = new Table({
    head: ['target', 'type', 'shard', 'state', 'lag', 'waiting', 'delivered', 'not taken', 'owed', 'last error'],
  })
  let isWell = true
  for (const target of await targetsOf(deps.config)()) {
    for (const shard of shardsOf(deps)) {
      const state = await logOf(target, shard, deps).state()
      isWell &&= state !== null && isServed(state) && (state.state === 'following' || state.state === 'reconciling')
      table.push([target.name, target.type, shard, ...columnsOf(state)])
    }
  }
  deps.print(table.length > 0 ? table.toString() : 'There are no targets: TARGETS is empty.')
  return isWell ? 0 : 1
}

const isServed = ({ at }: TargetState): boolean => Date.now() - Date.parse(at) < SILENT_MS

function columnsOf(state: TargetState | null): string[] {
  if (state === null) return ['never served: no gateway runs', '', '', '', '', '', '']
  const { lagMs, waiting, delivered, rejected, owed, lastError } = state
  return [
    isServed(state) ? state.state : `${state.state} at ${state.at}; not served since: does a gateway run?`,
    `${(lagMs / 1000).toFixed(1)} s`,
    ...[waiting, delivered, rejected, owed].map((count) => count.toLocaleString('en')),
    lastError ? `${lastError.at} ${lastError.user ?? ''} ${lastError.code}: ${lastError.message}` : '',
  ]
}

async function attempts(target: TargetConfig, deps: CommandDeps): Promise<0> {
  const all = await Promise.all(shardsOf(deps).map((shard) => logOf(target, shard, deps).attempts(MOST_ATTEMPTS)))
  const newest = all.flat().sort((a, b) => (a.at < b.at ? 1 : -1))
  const table = new Table({ head: ['at', 'user', 'version', 'attempt', 'result', 'written', 'why not'] })
  for (const { at, user, version, attempt, result, writes, code, message } of newest.slice(0, MOST_ATTEMPTS))
    table.push([at, user, version || '', attempt, result, writes ?? '', code ? `${code}: ${message}` : ''])
  deps.print(table.length > 0 ? table.toString() : 'Nothing has been tried yet.')
  return 0
}

async function enable(target: TargetConfig, deps: CommandDeps): Promise<0> {
  for (const shard of shardsOf(deps)) await logOf(target, shard, deps).enable()
  deps.print(`${target.name} is told of changes again, and of all that it missed.`)
  return 0
}

async function syncOne(text: string, target: TargetConfig, dryRun: boolean, deps: CommandDeps): Promise<0 | 1> {
  const { domains } = deps.config
  const parsed = parseUser(text, { default: target.domain, has: (domain: Domain) => domains.has(domain) })
  if (parsed.kind === 'unusable') throw new CommandError(parsed.failure.message)
  if (parsed.user.domain !== target.domain) throw new CommandError(`${target.name} is told of ${target.domain} only`)
  const answers = await ask([parsed.user.jid], target, dryRun, deps)
  return show(answers, dryRun, deps)
}

/** Those who are gone, and those who are stored. */
const EVERYBODY: Walk = { id: '', kind: 'reconcile', goneAfter: 0, after: '', done: 0 }

async function syncAll(target: TargetConfig, dryRun: boolean, deps: CommandDeps): Promise<0 | 1> {
  const all = new Map<BareJid, SyncAnswer | null>()
  for (const shard of shardsOf(deps)) {
    const changes = logOf(target, shard, deps)
    let walk: Walk = EVERYBODY
    for (;;) {
      const page = await changes.walkOn(target.domain, walk, PAGE)
      if (!page) break
      for (const [jid, answer] of await ask(page.users, target, dryRun, deps)) {
        if (needsShowing(answer)) all.set(jid, answer)
      }
      walk = page.behind
      deps.progress(`▸ shard ${shard}: ${walk.done.toLocaleString('en')} users`)
    }
  }
  return show(all, dryRun, deps)
}

const needsShowing = (answer: SyncAnswer | null): boolean =>
  answer === null ||
  answer.result !== 'arrived' ||
  (answer.plan !== undefined && answer.plan.puts.length + answer.plan.removes.length > 0)

/** Null: no gateway has answered for the user in time. */
async function ask(
  users: readonly BareJid[],
  target: TargetConfig,
  dryRun: boolean,
  deps: CommandDeps,
): Promise<Map<BareJid, SyncAnswer | null>> {
  const id = randomUUID()
  const answers = new Map<BareJid, SyncAnswer | null>()
  await Promise.all(
    [...byShard(users, (user) => user, deps.config.shards)].map(async ([shard, group]) => {
      const changes = logOf(target, shard, deps)
      await changes.ask(group.map((user) => ({ id, user, dryRun })))
      const until = Date.now() + ANSWER_MS
      let found: Record<string, string> = {}
      while (Object.keys(found).length < group.length && Date.now() < until) {
        await pause(POLL_MS)
        found = await changes.answers(id)
      }
      for (const user of group) answers.set(user, user in found ? JSON.parse(found[user] ?? '') : null)
    }),
  )
  return answers
}

function show(answers: ReadonlyMap<BareJid, SyncAnswer | null>, dryRun: boolean, { print }: CommandDeps): 0 | 1 {
  if (answers.size === 0) print('Nothing differs.')
  const table = new Table({
    head: [
      'user',
      'result',
      dryRun ? 'to be written' : 'written',
      dryRun ? 'to be removed' : 'removed',
      "left, the user's own",
      'left, not marked',
    ],
    wordWrap: true,
  })
  for (const [user, answer] of answers) {
    const { puts = [], removes = [], own = [], unmarked = [] } = answer?.plan ?? {}
    table.push([user, wordOf(answer, dryRun), ...[puts, removes, own, unmarked].map(listed)])
  }
  if (answers.size > 0) print(table.toString())
  return [...answers.values()].every((answer) => answer?.result === 'arrived') ? 0 : 1
}

function wordOf(answer: SyncAnswer | null, dryRun: boolean): string {
  if (answer === null) return 'no gateway answered: does one run, and can it reach the target?'
  if (answer.result !== 'arrived') return answer.result
  return answer.plan === undefined ? 'told' : dryRun ? 'compared' : 'in step'
}

const MOST_LISTED = 10

const listed = (jids: readonly string[]): string =>
  jids.length <= MOST_LISTED
    ? jids.join('\n')
    : `${jids.slice(0, MOST_LISTED).join('\n')}\nand ${jids.length - MOST_LISTED} more`
