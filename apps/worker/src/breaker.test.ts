import type { BackendAnswer } from '@rollcall/backend'
import { failed, outage } from '@rollcall/backend'
import type { User } from '@rollcall/roster'
import type { Log } from '@rollcall/runtime'
import { expect, onTestFinished, test, vi } from 'vitest'
import { domainNamed, userNamed } from '../../../test/support/backend-client.ts'
import { breaker } from './breaker.ts'

const GOOD: BackendAnswer = { kind: 'unchanged', source: {} }
const DOWN = outage('backend-unreachable', 'Connection refused')
const FAILURES = 3
/** Nothing waits this long. */
const PATIENT = { timeout: 30_000 }

/** A backend of which the test says how it answers each user. */
function scene({ hasPlace = true } = {}) {
  const answers = new Map<string, BackendAnswer | Promise<BackendAnswer>>()
  const probed: string[] = []
  const closed: string[] = []
  const lines: string[] = []
  const log = Object.fromEntries(
    ['info', 'error'].map((level) => [level, (_: object, line: string) => lines.push(`${level}: ${line}`)]),
  ) as unknown as Log
  const ask = async ({ username }: User): Promise<BackendAnswer> => answers.get(username) ?? answers.get('*') ?? GOOD
  const guard = breaker({
    domain: domainNamed('example.org'),
    failures: FAILURES,
    pauseMs: 10,
    maxPauseMs: 40,
    place: async () => (hasPlace ? () => {} : undefined),
    ask(user) {
      probed.push(user.username)
      return ask(user)
    },
    onClosed: (domain) => closed.push(domain),
    log,
  })
  onTestFinished(guard.stop)
  return {
    ...guard,
    answers,
    probed,
    closed,
    lines,
    watch: (name: string) => guard.watch(userNamed(name), () => ask(userNamed(name))),
    fetch: (name: string) => guard.watch(userNamed(name), () => ask(userNamed(name))).run(),
  }
}

async function fails({ fetch }: ReturnType<typeof scene>, times: number, name = 'user'): Promise<void> {
  for (let i = 0; i < times; i++) await fetch(`${name}${i}`)
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 30))

test('opens when a row of failures is followed by a failed probe, tells it once, and closes when a probe is answered', async () => {
  const it = scene()
  await it.fetch('known')
  it.answers.set('*', DOWN)
  await fails(it, FAILURES - 1)
  await settled()
  expect(it.probed).toEqual([])
  await it.fetch('last')
  await vi.waitUntil(() => it.broken(), PATIENT)
  expect(it.probed[0]).toBe('known')
  expect(it.broken()).toEqual({
    domain: 'example.org',
    since: expect.stringMatching(/^20.*Z$/),
    reason: 'Connection refused',
  })
  expect(await it.fetch('another')).toMatchObject({ code: 'breaker-open', retry: 'never' })
  await vi.waitUntil(() => it.probed.length > 3, PATIENT)
  expect(it.closed).toEqual([])
  it.answers.clear()
  await vi.waitUntil(() => !it.broken(), PATIENT)
  expect(it.closed).toEqual(['example.org'])
  expect(await it.fetch('another')).toBe(GOOD)
  expect(it.lines.filter((line) => line.startsWith('error'))).toHaveLength(1)
  expect(it.lines[0]).toMatch(/^error: The backend of a domain does not work/)
  expect(it.lines.slice(-2)).toEqual([
    'info: Looking whether the backend of a domain works again',
    'info: The backend of a domain works again',
  ])
})

test('stays closed when a user is answered who was answered before', async () => {
  const it = scene()
  await it.fetch('known')
  for (const name of ['a', 'b', 'c', 'd', 'e']) it.answers.set(name, DOWN)
  for (let i = 0; i < 5; i++) for (const name of ['a', 'b', 'c', 'd', 'e']) await it.fetch(name)
  await vi.waitUntil(() => it.probed.length > 0, PATIENT)
  await settled()
  expect(new Set(it.probed)).toEqual(new Set(['known']))
  expect(it.lines).toEqual([])
})

test('failures of fetches that began before one that was answered do not count', async () => {
  const it = scene()
  const late: (() => void)[] = []
  const hanging = Array.from({ length: 10 }, (_, i) => {
    it.answers.set(`late${i}`, new Promise((resolve) => late.push(() => resolve(DOWN))))
    return it.fetch(`late${i}`)
  })
  await it.fetch('good')
  for (const fail of late) fail()
  await Promise.all(hanging)
  await settled()
  expect(it.probed).toEqual([])
})

test('fetches that take long are a sign as well, before they fail', async () => {
  const it = scene()
  await it.fetch('known')
  it.answers.set('*', new Promise(() => {}))
  for (let i = 0; i < FAILURES; i++) {
    const { run, slow } = it.watch(`slow${i}`)
    void run()
    slow()
  }
  await vi.waitFor(() => expect(it.probed).toEqual(['known']), PATIENT)
  expect(it.broken()).toBeUndefined()
})

test('other failures are answers of a backend that works', async () => {
  const it = scene()
  it.answers.set('*', failed('user-unknown', 'The backend does not know this user'))
  await fails(it, 50)
  await settled()
  expect(it.probed).toEqual([])
})

test('opened by users who hang, it closes by one who was refused meanwhile', async () => {
  const it = scene()
  for (const i of [0, 1, 2]) it.answers.set(`hanging${i}`, DOWN)
  await fails(it, FAILURES, 'hanging')
  await vi.waitUntil(() => it.broken(), PATIENT)
  expect(await it.fetch('good')).toMatchObject({ code: 'breaker-open' })
  await vi.waitUntil(() => !it.broken(), PATIENT)
  expect(it.probed.at(-1)).toBe('good')
})

test('without a place among the requests there is no probe, and it does not open', async () => {
  const it = scene({ hasPlace: false })
  it.answers.set('*', DOWN)
  await fails(it, 10)
  await settled()
  expect(it.probed).toEqual([])
  expect(it.broken()).toBeUndefined()
})
