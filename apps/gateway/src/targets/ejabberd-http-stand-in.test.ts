import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { ejabberdStandIn } from '../../../../test/support/ejabberd-stand-in.ts'
import { contact, soon, targetFor, user } from '../../../../test/support/ejabberd-target.ts'
import type { RosterTarget } from './target.ts'

// What a real ejabberd 23.01 does is in ejabberd-http.test.ts.

const john = user('john@localhost')
const aaron = contact('aaron@localhost', 'Aaron', ['A; B', 'C'])

let ejabberd: Awaited<ReturnType<typeof ejabberdStandIn>>
let target: RosterTarget

beforeEach(async () => {
  ejabberd = await ejabberdStandIn()
  target = targetFor(ejabberd.url)
  onTestFinished(() => target.close())
})

const named = (name: string) => ejabberd.commands.filter((command) => command.name === name)

describe('an ejabberd whose add_rosteritem takes a list of groups', () => {
  it('is recognised, and is told of every group as it is', async () => {
    await target.check?.(soon())
    await target.put(john, aaron, soon())
    expect(await target.get(john, soon())).toEqual(new Map([[aaron.jid, aaron]]))
    await target.remove(john, aaron.jid, soon())
    expect(await target.get(john, soon())).toEqual(new Map())
  })

  it('is recognised without a check before', async () => {
    await target.put(john, aaron, soon())
    expect((await target.get(john, soon())).get(aaron.jid)).toEqual(aaron)
  })

  it('is recognised again after it has become another one', async () => {
    const plain = contact('aaron@localhost', 'Aaron', ['A', 'B'])
    ejabberd.become(0)
    await target.put(john, plain, soon())
    ejabberd.become(1)
    await expect(target.put(john, plain, soon())).rejects.toMatchObject({
      code: 'target-answer-invalid',
      scope: 'target',
      isTemporary: true,
    })
    await target.put(john, aaron, soon())
    expect((await target.get(john, soon())).get(aaron.jid)).toEqual(aaron)
  })
})

describe('finding out', () => {
  it('writes into no roster', async () => {
    await target.check?.(soon())
    const written = [...named('add_rosteritem'), ...named('delete_rosteritem')]
    expect(written.length).toBeGreaterThan(1)
    expect(written.map(({ args }) => args.localuser)).toEqual(written.map(() => '@'))
  })

  it.each(['registered_vhosts', 'check_account', 'get_roster', 'add_rosteritem', 'delete_rosteritem'])(
    'fails when %s is not allowed, or not there',
    async (denied) => {
      for (const [status, code] of [
        [403, 32],
        [404, 44],
      ] as const) {
        const text = JSON.stringify({ status: 'error', code, message: 'No.' })
        ejabberd.reply(({ name }) => (name === denied ? { status, text } : 'as usual'))
        await expect(target.check?.(soon())).rejects.toMatchObject({
          code: 'target-not-granted',
          scope: 'target',
          message: expect.stringContaining(denied),
        })
      }
    },
  )

  it('fails for what does not answer as ejabberd does', async () => {
    ejabberd.reply(({ name }) => (name === 'add_rosteritem' ? { status: 200, text: '0' } : 'as usual'))
    await expect(target.check?.(soon())).rejects.toMatchObject({ code: 'target-answer-invalid', scope: 'target' })
  })
})

describe('the account of a user', () => {
  it('is looked for once, not for each contact', async () => {
    for (let i = 0; i < 5; i++) await target.put(john, contact(`c${i}@localhost`), soon())
    await target.remove(john, aaron.jid, soon())
    expect(named('check_account')).toHaveLength(1)
  })

  it('is not looked for when he is seen to have contacts', async () => {
    await target.put(john, aaron, soon())
    const other = targetFor(ejabberd.url)
    onTestFinished(() => other.close())
    await other.get(john, soon())
    await other.put(john, contact('marie@localhost'), soon())
    expect(named('check_account')).toHaveLength(1)
  })

  it('that is not there keeps anything from being written', async () => {
    await expect(target.put(user('nobody@localhost'), aaron, soon())).rejects.toMatchObject({
      code: 'target-user-unknown',
      scope: 'user',
      isTemporary: false,
    })
    expect(named('add_rosteritem').filter(({ args }) => args.localuser === 'nobody')).toEqual([])
  })
})

describe('an answer', () => {
  const html = { status: 200, text: '<html>', headers: { 'content-type': 'text/html' } }

  it.each([
    [
      '429',
      { status: 429, text: '', headers: { 'retry-after': '7' } },
      { code: 'target-overloaded', retryAfterMs: 7_000 },
    ],
    ['503', { status: 503, text: '' }, { code: 'target-overloaded', retryAfterMs: undefined }],
    ['502', { status: 502, text: '' }, { code: 'target-unreachable' }],
    ['404 of another server', { status: 404, text: '<html>' }, { code: 'target-answer-invalid' }],
    ['a page', html, { code: 'target-answer-invalid' }],
  ])('%s is the state of the target', async (_, reply, expected) => {
    ejabberd.reply(() => reply)
    await expect(target.get(john, soon())).rejects.toMatchObject({ ...expected, scope: 'target', isTemporary: true })
  })

  it.each([
    ['500', { status: 500, text: '"internal_error"' }],
    ['one that is too long', { status: 200, text: `"${'x'.repeat(33 * 1024 * 1024)}"` }],
  ])('%s may be due to the roster of one user', async (_, reply) => {
    ejabberd.reply(() => reply)
    await expect(target.get(john, soon())).rejects.toMatchObject({ code: 'target-answer-invalid', scope: 'user' })
    await expect(target.check?.(soon())).rejects.toMatchObject({ scope: 'target' })
  })

  it.each([
    'null',
    '[null]',
    '[{}]',
    '[{"jid":"a@b.c","nick":"","subscription":"both"}]',
    '[{"jid":"a@b.c","nick":1,"subscription":"both","groups":[]}]',
    '[{"jid":"a@b.c","nick":"","subscription":"both","groups":[1]}]',
  ])('%s is no roster', async (text) => {
    ejabberd.reply(() => ({ status: 200, text }))
    await expect(target.get(john, soon())).rejects.toMatchObject({ code: 'target-answer-invalid' })
  })

  it('of failure to a write says so: it may go better another time', async () => {
    ejabberd.reply(({ name }) => (name === 'delete_rosteritem' ? { status: 200, text: '1' } : 'as usual'))
    await expect(target.remove(john, aaron.jid, soon())).rejects.toMatchObject({
      code: 'target-refused',
      scope: 'user',
      isTemporary: true,
    })
  })

  it.each([
    ['reading', 'target', () => target.get(john, deadline())],
    ['writing, which may have happened', 'user', () => target.remove(john, aaron.jid, deadline())],
  ])('that does not come ends %s by the deadline', async (_, scope, attempt) => {
    ejabberd.reply(({ name }) => (name === 'check_account' ? 'as usual' : undefined))
    await expect(attempt()).rejects.toMatchObject({ code: 'target-timeout', scope, isTemporary: true })
  })
})

describe('a contact on the server', () => {
  it('whose JID is not in its normal form is left to the user', async () => {
    const item = { nick: '', subscription: 'both', pending: 'none', groups: [] }
    const jids = ['bücher@büch.example', 'full@localhost/resource', 'half a@localhost', 'aaron@localhost']
    ejabberd.reply(() => ({ status: 200, text: JSON.stringify(jids.map((jid) => ({ jid, ...item }))) }))
    expect([...(await target.get(john, soon())).keys()]).toEqual(['aaron@localhost'])
  })

  it('with a subscription that there is not sees nothing', async () => {
    const item = { jid: 'aaron@localhost', nick: '', subscription: 'all', pending: 'subscribe', groups: [] }
    ejabberd.reply(() => ({ status: 200, text: JSON.stringify([item]) }))
    const expected = { jid: 'aaron@localhost', subscription: 'none', ask: 'subscribe', groups: [] }
    expect([...(await target.get(john, soon())).values()]).toEqual([expected])
  })
})

it('asks on as many connections as configured, and uses them again', async () => {
  const few = targetFor(ejabberd.url, { concurrency: 4 })
  onTestFinished(() => few.close())
  await Promise.all(Array.from({ length: 40 }, () => few.get(john, soon())))
  expect(ejabberd.connections()).toBe(4)
})

const deadline = (): AbortSignal => AbortSignal.timeout(100)
