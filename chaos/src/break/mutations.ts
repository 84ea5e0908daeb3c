import { loadScripts, type ScriptName, type Scripts } from '@rollcall/runtime'

/** Text in a script, and what to put in its place. */
export type Mutation = readonly [script: ScriptName, from: string, to: string]

export const WRITING: readonly ScriptName[] = ['commit', 'guarded-commit', 'confirm']

export const NEWEST_ONLY = 's[1] ~= args[3] or s[2] ~= args[4]'
export const RAISE_FETCHED = '\n  fetched = math.max(fetched, generation)'

// Each takes one idea out of the protocol.

export const NO_FENCE: readonly Mutation[] = WRITING.map((script) => [script, NEWEST_ONLY, 'false'])

export const NO_GENERATION: readonly Mutation[] = [['request', "(tonumber(s[1] or '0') or 0) + 1", '1']]

export const ONE_OUTCOME: readonly Mutation[] = [
  ...WRITING.map(
    (script): Mutation => [
      script,
      RAISE_FETCHED,
      "\nfetched, failed = math.max(fetched, failed, generation), 0\nredis.call('HSET', keys[1], 'failed', '0')",
    ],
  ),
  [
    'fail',
    'user.failed = generation',
    "user.failed, user.fetched = math.max(user.fetched, generation), 0\nredis.call('HSET', KEYS[1], 'fetched', '0')",
  ],
]

export const NO_EPOCH: readonly Mutation[] = [['request', 'epoch = ARGV[2]', "epoch = 'the one and only'"]]

export const NO_SWEEP: readonly Mutation[] = [['sweep', 'return due', 'return {}']]

/** Throws when a script no longer says what is to be changed in it: such a mutant would show nothing. */
export function mutate(mutations: readonly Mutation[]): Scripts {
  const scripts: Record<ScriptName, string> = { ...loadScripts() }
  for (const [script, from, to] of mutations) {
    const [before, after, ...more] = scripts[script].split(from)
    if (before === undefined || after === undefined || more.length > 0)
      throw new Error(`${script}.lua does not say once: ${from}`)
    scripts[script] = before + to + after
  }
  return scripts
}
