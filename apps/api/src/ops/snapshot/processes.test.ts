import type { HeardProcess } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { opsProcesses, silentProcesses } from './processes.ts'

const SECOND = 1000
const asIs = (_name: string, value: number): number => value

function heard(id: string, more: Partial<HeardProcess> = {}): HeardProcess {
  return {
    id,
    role: 'worker',
    host: 'one.example',
    pid: 1,
    version: '1',
    startedAt: '2026-01-01T00:00:00.000Z',
    upMs: 3_600 * SECOND,
    shards: 1,
    intervalMs: 2 * SECOND,
    silentMs: SECOND,
    ...more,
  }
}
/** As it was told a second ago. */
const startedAgo = (ms: number) => ({ upMs: ms - SECOND })

test('those that want looking at come first: stuck, then silent', () => {
  const all = [heard('well'), heard('silent', { silentMs: 12 * SECOND }), heard('stuck', { stuck: [0] })]
  expect(opsProcesses(all, asIs).map(({ id, state }) => [id, state])).toEqual([
    ['stuck', 'stuck'],
    ['silent', 'silent'],
    ['well', 'alive'],
  ])
})

test('one is silent when three of its heartbeats have not come', () => {
  const after = (silentMs: number) => opsProcesses([heard('one', { silentMs })], asIs)[0]
  expect(after(6 * SECOND)).toMatchObject({ state: 'alive', reasons: [] })
  // Who and since when stands beside it.
  expect(after(6 * SECOND + 1)).toMatchObject({ state: 'silent', reasons: ['It has died, or cannot reach Redis'] })
})

test('what one that is gone took is no longer told', () => {
  const load = { cpu: 0.5, rssBytes: 1, perSecond: 2, inHand: 3 }
  expect(opsProcesses([heard('alive', { load })], asIs)[0]).toMatchObject(load)
  expect(opsProcesses([heard('gone', { load, silentMs: 60 * SECOND })], asIs)[0]).not.toHaveProperty('cpu')
})

test('nobody is called dead by a Redis that takes no heartbeats', () => {
  const [one] = opsProcesses([heard('one', { silentMs: 60 * SECOND })], asIs, false)
  expect(one).toMatchObject({ state: 'silent', reasons: [expect.stringMatching(/^Whether it lives is not known/)] })
})

test.each<[what: string, others: HeardProcess[], told: number]>([
  ['alone', [], 1],
  ['beside one that was there before', [heard('other')], 1],
  ['after one has come in its place', [heard('new', startedAgo(5 * SECOND))], 0],
  [
    'after one has come whose clock is wrong',
    [heard('new', { ...startedAgo(5 * SECOND), startedAt: '2020-01-01T00:00:00.000Z' })],
    0,
  ],
  ['after one has come while it ran', [heard('new', { ...startedAgo(12 * SECOND), beside: ['other', 'gone-now'] })], 1],
  ['after one of another role has come', [heard('new', { role: 'api', ...startedAgo(5 * SECOND) })], 1],
  ['after one has come elsewhere', [heard('new', { host: 'two.example', ...startedAgo(5 * SECOND) })], 1],
  [
    'with another that is gone, and one in their place',
    [heard('gone', { silentMs: 20 * SECOND }), heard('new', startedAgo(5 * SECOND))],
    1,
  ],
])('a process that fell silent is told of, %s', (_what, others, told) => {
  const sentences = silentProcesses([heard('gone-now', { pid: 7, silentMs: 13 * SECOND }), ...others])
  expect(sentences).toHaveLength(told)
  if (told > 0) expect(sentences.at(-1)?.text).toMatch(/\(pid 7 on one\.example\) was last heard of 10 s ago/)
})
