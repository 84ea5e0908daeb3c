import { OpsRefresh, type OpsRefreshPage, type OpsRefreshUsers } from '@rollcall/roster'
import { describe, expect, test } from 'vitest'
import { crm, ofOne, opsRefreshesOfFile } from '../support/ops-refreshes.ts'

const { backend, refresh, ask, list, idsOf, one, usersOf } = await opsRefreshesOfFile()

describe('refreshes are listed, the newest first', () => {
  test('by state, caller and domain', async () => {
    backend.set('broken', 400)
    const held = backend.hold('slow')
    const fine = await refresh(['fine'])
    const failed = await refresh(['broken', 'fine'])
    const other = await refresh(['elsewhere'], crm, 'two.example')
    const running = await refresh(['slow', 'fine'])
    const all = await list('?limit=4')
    expect(all.refreshes.map(({ id }) => id)).toEqual([running, other, failed, fine])
    expect(all.refreshes[0]).toMatchObject({ state: 'running', total: 2, updated: 1, pending: 1, caller: 'app' })
    expect(all.refreshes[2]).toMatchObject({ state: 'done', total: 2, updated: 1, errors: 1, pending: 0 })
    expect(await idsOf('?state=running')).toEqual([running])
    expect((await idsOf('?state=done')).slice(0, 3)).toEqual([other, failed, fine])
    expect((await idsOf('?state=failed'))[0]).toBe(failed)
    expect(await idsOf('?caller=crm')).toEqual([other])
    expect(await idsOf('?domain=two.example')).toEqual([other])
    await expect.poll(async () => (await list()).callers).toEqual(['app', 'crm'])
    held.release()
    await expect.poll(() => idsOf('?state=running')).toEqual([])
    expect((await idsOf('?state=done'))[0]).toBe(running)
  })

  test('page by page, each once', async () => {
    for (let i = 0; i < 7; i++) await refresh([`user-${i}`])
    const all = await idsOf('?limit=100')
    const seen: string[] = []
    let before: string | null = ''
    while (before !== null) {
      const page: OpsRefreshPage = await list(`?limit=3&before=${before}`)
      seen.push(...page.refreshes.map(({ id }) => id))
      before = page.next && encodeURIComponent(page.next)
    }
    expect(seen).toEqual(all)
  })

  test('and those of a domain that is not theirs to look at, to nobody', async () => {
    const other = await refresh(['elsewhere'], crm, 'two.example')
    expect(await idsOf('', ofOne)).not.toContain(other)
    expect((await list('', ofOne)).callers).toEqual(['app'])
    expect((await ask('/refreshes?domain=two.example', ofOne)).status).toBe(403)
    for (const path of [`/refreshes/${other}`, `/refreshes/${other}/users`]) {
      expect((await ask(path, ofOne)).status).toBe(403)
      expect((await ask(path)).status).toBe(200)
    }
  })
})

describe('a refresh', () => {
  test('says how many failed by code, of all, not only of those that are listed', async () => {
    const names = Array.from({ length: 150 }, (_, i) => `broken-${i}`)
    for (const name of names) backend.set(name, 400)
    backend.set('nobody', 404)
    const id = await refresh([...names, 'nobody', 'a b', 'c d', 'fine'])
    await expect.poll(async () => (await one(id)).state).toBe('done')
    const found = await one(id)
    expect(found).toMatchObject({ total: 154, updated: 1, errors: 153, pending: 0, hasUsers: true })
    expect(found.failures).toHaveLength(100)
    expect(found.failuresByCode.map(({ code, count }) => [code, count])).toEqual([
      ['backend-status', 150],
      ['username-invalid', 2],
      ['user-unknown', 1],
    ])
    expect(found.failuresByCode[0]?.example.message).toMatch(/answered 400/)
  })

  test('says the same while it runs, and when it was answered by somebody else', async () => {
    backend.set('broken', 400)
    const held = backend.hold('slow')
    const id = await refresh(['broken', 'slow', 'a b'])
    const codes = async () => (await one(id)).failuresByCode.map(({ code }) => code).toSorted()
    expect(await codes()).toEqual(['backend-status', 'username-invalid'])
    held.release()
    await expect.poll(async () => (await one(id)).state).toBe('done')
    expect(await codes()).toEqual(['backend-status', 'username-invalid'])
  })

  test('names its users by state, page by page', async () => {
    backend.set('broken', 400)
    const held = backend.hold('slow')
    const id = await refresh(['fine', 'broken', 'slow', 'fine-2', 'fine-3'])
    expect((await usersOf(id, '?state=failed')).users).toEqual([
      { jid: 'broken@one.example', state: 'failed', code: 'backend-status', message: expect.stringContaining('400') },
    ])
    expect((await usersOf(id, '?state=pending')).users).toMatchObject([{ jid: 'slow@one.example' }])
    const seen: string[] = []
    let after: string | null = ''
    while (after !== null) {
      const page: OpsRefreshUsers = await usersOf(id, `?state=updated&limit=2&after=${after}`)
      seen.push(...page.users.map(({ jid }) => jid))
      after = page.next
    }
    expect(seen.toSorted()).toEqual(['fine-2@one.example', 'fine-3@one.example', 'fine@one.example'])
    held.release()
    await expect.poll(async () => (await usersOf(id, '?state=pending')).users).toEqual([])
  })

  test('that named users of several domains names to each those who are theirs to look at', async () => {
    for (const name of ['ann', 'bob']) backend.set(name, 404)
    const id = await refresh(['bob@two.example', 'ann', 'no one', 'x@nowhere.example'])
    const shown = OpsRefresh.parse((await ask(`/refreshes/${id}`, ofOne)).json())
    expect(shown).toMatchObject({ total: 4, errors: 4 })
    expect(JSON.stringify(shown)).not.toContain('two.example')
    expect(shown.failures.map(({ username }) => username).toSorted()).toEqual(['ann', 'no one', 'x@nowhere.example'])
    expect(shown.failuresByCode.find(({ code }) => code === 'user-unknown')).toMatchObject({
      count: 2,
      example: { username: 'ann' },
    })
    const alone = await refresh(['bob@two.example'])
    expect((await ask(`/refreshes/${alone}`, ofOne)).text).not.toContain('bob')
    expect((await ask(`/refreshes/${alone}`)).text).toContain('bob@two.example')
  })

  test('of more than 100 users that went well names them no longer', async () => {
    const id = await refresh(Array.from({ length: 101 }, (_, i) => `many-${i}`))
    await expect.poll(async () => (await one(id)).state).toBe('done')
    await expect.poll(async () => (await one(id)).hasUsers).toBe(false)
    expect(await usersOf(id)).toEqual({ users: [], next: null })
  })

  test.each(['0b9b1f5e-0000-4000-8000-000000000000', 'x', 'a%20b', '__proto__'])(
    'that is not known: %s',
    async (id) => {
      for (const path of [`/refreshes/${id}`, `/refreshes/${id}/users`]) {
        const answer = await ask(path)
        expect(answer.status).toBe(404)
        expect(answer.json()).toMatchObject({ detail: expect.stringContaining('No refresh') })
      }
    },
  )
})

test.each(['?state=x', '?before=x', '?limit=101'])('what is no filter is refused, and said: %s', async (query) => {
  expect((await ask(`/refreshes${query}`)).status).toBe(400)
})
