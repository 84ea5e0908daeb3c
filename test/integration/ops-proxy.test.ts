import { describe, expect, test } from 'vitest'
import { askAt, ownPage } from '../support/ops-api.ts'
import { rollcallOfCast, viewer } from '../support/ops-cast.ts'
import { startRollcall } from '../support/rollcall.ts'
import { bearer } from '../support/tokens.ts'

const { backend, rollcall, auditLog } = await rollcallOfCast()

describe('whom a proxy names', () => {
  const NAMED = { OPS_IDENTITY_HEADER: 'x-forwarded-user', OPS_OPERATORS: 'alice,zoë' }
  const trusting = (more: Record<string, string> = {}) =>
    rollcall.startApi({ TRUSTED_PROXIES: '127.0.0.1', ...NAMED, ...more })

  test('is believed of a trusted proxy, and may act when OPS_OPERATORS says so', async () => {
    const { url } = await trusting()
    const as = (user: string) => ({ 'x-forwarded-user': user })
    const session = async (user: string) => (await askAt(url, '/session', { headers: as(user) })).json()
    expect(await session('alice')).toMatchObject({
      name: 'alice',
      by: 'proxy',
      rights: ['view', 'operate'],
      domains: '*',
    })
    expect(await session('bob')).toMatchObject({ name: 'bob', rights: ['view'] })
    expect(await session(Buffer.from('zoë').toString('latin1'))).toMatchObject({
      name: 'zoë',
      rights: ['view', 'operate'],
    })
    const write = (headers: Record<string, string>) =>
      askAt(url, '/tokens', { method: 'POST', headers, json: { name: 'by-alice', rights: ['read'], domains: '*' } })
    expect((await write({ ...as('bob'), ...ownPage(url) })).status).toBe(403)
    expect((await write({ ...as('alice'), origin: 'https://evil.example' })).status).toBe(403)
    expect((await write(as('alice'))).status).toBe(403)
    expect((await write({ ...as('alice'), ...ownPage(url) })).json()).toMatchObject({ entry: { createdBy: 'alice' } })
    expect(await auditLog()).toContainEqual(
      expect.objectContaining({ who: 'alice (by the proxy)', action: 'make-token', result: 'done' }),
    )
  })

  test('is nobody when the header is missing, too long, or there twice', async () => {
    const { url } = await trusting()
    expect((await askAt(url, '/session')).status).toBe(401)
    expect((await askAt(url, '/session', { headers: { 'x-forwarded-user': 'a'.repeat(101) } })).status).toBe(403)
    const twice = { 'x-forwarded-user': ['mallory', 'alice'] } as unknown as Record<string, string>
    expect((await askAt(url, '/session', { headers: twice })).status).toBe(403)
    for (const name of ['ali\u202Ece', 'alice\u200B', 'a\tb'].map((text) => Buffer.from(text).toString('latin1')))
      expect((await askAt(url, '/session', { headers: { 'x-forwarded-user': name } })).status).toBe(403)
    expect((await askAt(url, '/session', { headers: { 'x-forwarded-user': 'al\xFFce' } })).status).toBe(403)
  })

  test('is not believed of anybody else', async () => {
    const { url } = await trusting({ TRUSTED_PROXIES: '10.0.0.0/8,::2' })
    expect((await askAt(url, '/session', { headers: { 'x-forwarded-user': 'alice' } })).status).toBe(401)
    const named = { 'x-forwarded-user': 'alice', 'x-forwarded-for': '10.0.0.1' }
    expect((await askAt(url, '/session', { headers: named })).status).toBe(401)
    expect((await askAt(url, '/session', { headers: { ...named, ...bearer(viewer) } })).json()).toMatchObject({
      name: 'victor',
    })
  })

  test('keeps what comes through it from counting as somebody on this machine', async () => {
    const open = await startRollcall({
      rosterUrl: backend.template,
      workers: 0,
      env: { TRUSTED_PROXIES: '127.0.0.1', ...NAMED },
    })
    expect((await askAt(open.api.url, '/session')).status).toBe(401)
    for (const authorization of ['Bearer x', 'Basic eDp4'])
      expect((await askAt(open.api.url, '/session', { headers: { authorization } })).status).toBe(401)
    expect((await askAt(open.api.url, '/session', { headers: { 'x-forwarded-user': 'bob' } })).json()).toMatchObject({
      name: 'bob',
      rights: ['view'],
    })
    await open.stop()
  })
})
