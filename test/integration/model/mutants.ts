import type { ScriptName } from '@rollcall/runtime'
import {
  type Mutation,
  mutate,
  NEWEST_ONLY,
  NO_EPOCH,
  NO_FENCE,
  NO_GENERATION,
  ONE_OUTCOME,
  RAISE_FETCHED,
  WRITING,
} from '../../../chaos/src/break/mutations.ts'
import type { Protocol } from './laboratory.ts'
import type { Rules } from './scenario.ts'
import type { ViolationKind } from './violation.ts'

/** A protocol with one idea less; it watches for the kinds of violation that the idea is there to prevent. */
export interface Mutant extends Protocol {
  readonly name: string
}

const CLOSE = 'if settled >= user.wanted then'
const SETTLING: readonly ScriptName[] = ['begin', 'commit', 'confirm', 'fail']

/** Without a loss of data: with one, nearly every mutant shows some violation, and not the one that it stands for. */
const USUAL: Rules = { sweep: true, lostJobs: true, dataLoss: false }
const NOTHING_LOST: Rules = { sweep: false, lostJobs: false, dataLoss: false }
const DATA_LOSS: Rules = { sweep: true, lostJobs: true, dataLoss: true }

export const mutants: readonly Mutant[] = [
  mutant('one outcome for all generations', ['E1'], ONE_OUTCOME),
  mutant(
    'a fence greater than the committed one, instead of the latest',
    ['G2v', 'G2f'],
    [
      ...WRITING.flatMap((script): Mutation[] => [
        [script, NEWEST_ONLY, "tonumber(args[3]) <= number(redis.call('HGET', keys[1], 'committed'))"],
        [
          script,
          'settle(user, KEYS, ARGV[5]',
          "redis.call('HSET', KEYS[1], 'committed', ARGV[3])\nsettle(user, KEYS, ARGV[5]",
        ],
      ]),
    ],
  ),
  mutant('no fence', ['G2v', 'G2f'], NO_FENCE),
  mutant(
    'a failure that counts although the lock is lost',
    ['E2'],
    [['fail', "redis.call('GET', KEYS[6]) ~= ARGV[3]", 'false']],
  ),
  mutant('no sweep', ['L'], [], { ...USUAL, sweep: false }),
  mutant(
    'a superseded job that ends although its user is open',
    ['L'],
    WRITING.map((script) => [script, "or 'superseded-open'", "or 'superseded'"]),
    NOTHING_LOST,
  ),
  mutant('requests that take no generation of their own', ['G1'], NO_GENERATION),
  mutant(
    'the generation of the moment of the commit',
    ['G1'],
    WRITING.map((script) => [script, RAISE_FETCHED, '\nfetched = number(s[3])']),
  ),
  mutant('no epoch', ['G1'], NO_EPOCH, DATA_LOSS),
  mutant(
    'no nonce',
    ['G1'],
    WRITING.map((script) => [script, ' or s[2] ~= args[4]', '']),
    DATA_LOSS,
  ),
  mutant('starts that nobody counts', ['L'], [['begin', "'starts', text(starts + 1)", "'starts', '0'"]]),
  mutant(
    'ends that nobody counts',
    ['S'],
    [['release', "'starts', 0", "'starts', redis.call('HGET', KEYS[1], 'starts')"]],
  ),
  mutant(
    'a request that does not open its user',
    ['L'],
    [['request', "redis.call('ZADD', KEYS[2], 'NX', now, jid)", '']],
  ),
  mutant(
    'a user who is closed although something newer is wanted',
    ['L'],
    SETTLING.map((script) => [script, CLOSE, 'if true then']),
  ),
  mutant(
    'a replica that is forgotten before its generation has settled',
    ['M'],
    SETTLING.map((script) => [script, 'if tonumber(generation) > settled then', 'if false then']),
  ),
  mutant(
    'a commit without its change',
    ['G6'],
    [['commit', "redis.call('XADD', KEYS[8]", "redis.call('XADD', KEYS[8] .. ':elsewhere'"]],
  ),
  mutant(
    'a failure that drops the stored roster',
    ['G4'],
    [['fail', 'markStale(user, KEYS[2])', "redis.call('DEL', KEYS[2])"]],
  ),
  mutant(
    'a failure that nobody repairs',
    ['R'],
    [['fail', 'repairLater(KEYS[5]', "repairLater(KEYS[5] .. ':elsewhere'"]],
  ),
  mutant(
    'a user who is given up and never repaired',
    ['R'],
    [['begin', 'repairLater(KEYS[5]', "repairLater(KEYS[5] .. ':elsewhere'"]],
  ),
  mutant(
    'a repair that takes its users off the list',
    ['R'],
    [
      [
        'repair',
        "redis.call('ZADD', KEYS[3], text(now + repairPause(repairs, ARGV[1], ARGV[2])), jid)",
        "redis.call('ZREM', KEYS[3], jid)",
      ],
    ],
  ),
  mutant(
    'a good fetch after which repairs go on',
    ['R'],
    WRITING.map((script) => [script, "redis.call('ZREM', keys[5], jid)", '']),
  ),
  mutant(
    'a failure that leaves its user in the group of the one before',
    ['F'],
    [['fail', 'if before and before ~= code then', 'if false then']],
  ),
  mutant(
    'a good fetch after which the user is in a group still',
    ['F'],
    WRITING.map((script) => [script, "leaveGroup(keys[5], jid, redis.call('HGET', keys[1], 'code') or '')", '']),
  ),
  mutant(
    'a user who is given up, and in no group',
    ['F'],
    [
      [
        'begin',
        'joinGroup(failedKey, jid, before, code, false',
        "joinGroup(failedKey .. ':elsewhere', jid, before, code, false",
      ],
    ],
  ),
  mutant(
    'a cancellation that takes other refreshes along',
    ['E3'],
    [
      ['cancel', 'user.failed = generation', 'user.failed = user.wanted'],
      ['cancel', "'failed', text(generation))", "'failed', text(user.failed))"],
    ],
  ),
  mutant(
    'a cancellation of those who have settled',
    ['E1', 'E3', 'F', 'I', 'G1f', 'R'],
    [['cancel', 'math.max(user.fetched, user.failed) == generation - 1', 'true']],
  ),
  mutant(
    'a cancellation that tells nobody',
    ['M'],
    [['cancel', "redis.call('PUBLISH', channelPrefix", "redis.call('PUBLISH', ':elsewhere' .. channelPrefix"]],
  ),
  mutant(
    'a cancelled user whom nobody repairs',
    ['R'],
    [['cancel', 'repairLater(keys[5]', "repairLater(keys[5] .. ':elsewhere'"]],
  ),
  mutant(
    'a user whom nobody uses, and who is in a group still',
    ['F'],
    [['unused', "leaveGroup(KEYS[4], jid, redis.call('HGET', KEYS[1] .. jid, 'code') or '')", '']],
  ),
  mutant('any fetch that may drop a roster', ['G2v', 'G2f'], [['drop', NEWEST_ONLY, 'false']]),
  mutant('a drop by a worker whose lock is lost', ['E2'], [['drop', "redis.call('GET', KEYS[6]) ~= ARGV[6]", 'false']]),
  mutant(
    'a drop without its change',
    ['G6'],
    [['drop', "redis.call('XADD', KEYS[10]", "redis.call('XADD', KEYS[10] .. ':elsewhere'"]],
  ),
  mutant(
    'a removal that nobody remembers',
    ['G6'],
    [['drop', "redis.call('ZADD', KEYS[11]", "redis.call('ZADD', KEYS[11] .. ':elsewhere'"]],
  ),
  mutant('a user who is gone for ever', ['G6'], [['commit', "redis.call('ZREM', KEYS[9], jid)", '']]),
  mutant(
    'an unused roster that is dropped behind the back of a fetch',
    ['G4'],
    [['unused', "redis.call('HINCRBY', KEYS[1] .. jid, 'fence', 1)", '']],
  ),
  mutant(
    'a drop that is forgotten when the roster is fetched again',
    ['G6'],
    [['begin', "redis.call('HGET', KEYS[1], 'version') or '0'", "'0'"]],
  ),
]

function mutant(
  name: string,
  watched: readonly ViolationKind[],
  mutations: readonly Mutation[],
  rules = USUAL,
): Mutant {
  return { name, watched, rules, scripts: mutate(mutations) }
}
