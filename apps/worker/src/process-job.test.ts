import type { BareJid } from '@rollcall/roster'
import { type CommitResult, createLog, UNLIMITED } from '@rollcall/runtime'
import { type Job, UnrecoverableError } from 'bullmq'
import { expect, test } from 'vitest'
import { BEGUN } from '../../../test/support/begun.ts'
import { type ProcessDeps, processJob } from './process-job.ts'

const john = 'john@example.org' as BareJid
const job = { id: '1', data: { user: john }, attemptsMade: 0, opts: { attempts: 3 } } as unknown as Job<{
  user: BareJid
}>

/** A worker whose backend gives empty rosters, and whose store says that of a commit. */
function emptied(written: CommitResult) {
  const lines: { level: string; msg: string; domain?: string }[] = []
  const failed: string[] = []
  const store = {
    begin: async () => BEGUN,
    commit: async () => written,
    fail: async (_user: unknown, _fetch: unknown, { code }: { code: string }) => failed.push(code),
  }
  const deps = {
    backend: { fetchRoster: async () => ({ kind: 'roster', roster: new Map(), source: {} }) },
    store,
    limits: { pauseLeft: () => 0, take: () => UNLIMITED },
    onSettled: () => {},
    retryBudgetMs: 0,
    log: createLog({
      level: 'info',
      name: 'test',
      destination: { write: (line: string) => void lines.push(JSON.parse(line)) },
    }),
  } as unknown as ProcessDeps
  return { deps, lines, failed }
}

const ALARM = /^The backend gives too many empty rosters/

test.each([
  ['tripped', 1],
  ['held', 0],
] as const)(
  'a roster that is held back has failed, for good; the first of them is an alarm: %s',
  async (written, alarms) => {
    const { deps, lines, failed } = emptied(written)
    await expect(processJob(job, 'token', deps)).rejects.toThrow(UnrecoverableError)
    expect(failed).toEqual(['roster-held'])
    const told = lines.filter(({ msg }) => ALARM.test(msg))
    expect(told).toHaveLength(alarms)
    for (const line of told) expect(line).toMatchObject({ level: 'error', domain: 'example.org' })
  },
)

test('a roster that may be emptied is no failure', async () => {
  const { deps, lines, failed } = emptied('ok')
  expect(await processJob(job, 'token', deps)).toBe('updated')
  expect([lines, failed]).toEqual([[], []])
})
