import { type BareJid, type Domain, OpsUserPage } from '@rollcall/roster'
import { shardKeys } from '@rollcall/runtime'
import { beforeAll, describe, expect, test } from 'vitest'
import { nameOf } from '../../packages/runtime/src/store/names.ts'
import { opsUsersOf } from '../support/ops-users.ts'
import { rollcallOfFile, twoDomains } from '../support/rollcall.ts'
import { tokenFor, tokensOf } from '../support/tokens.ts'

const SHARDS = 3
const operator = tokenFor('operator', ['view', 'operate', 'notify', 'read'])
const ofOne = tokenFor('of-one', ['view', 'operate'], ['one.example'])

const { backend, rollcall, redis } = await rollcallOfFile({
  env: { SHARDS: String(SHARDS), TOKENS: tokensOf(operator, ofOne) },
  file: twoDomains('two.example'),
})

const { ask, refresh, shardFor } = opsUsersOf(rollcall, operator)
const jid = (text: string) => text as BareJid

describe('searching', () => {
  const names = async (query: string, token = operator) => {
    const page = OpsUserPage.parse((await ask(`/users?${query}`, 'GET', token)).json())
    return page.users.map((user) => user.jid)
  }

  beforeAll(async () => {
    await refresh('anna', 'anne', 'ann', 'zoë', 'ann@one.example', 'ansgar@one.example')
  })

  test('finds whose name begins so, in the default domain, in the order of the names, over all shards', async () => {
    expect(new Set(['ann', 'anna', 'anne'].map((name) => shardFor(`${name}@two.example`))).size).toBeGreaterThan(1)
    expect(await names('prefix=ann')).toEqual(['ann@two.example', 'anna@two.example', 'anne@two.example'])
    expect(await names('prefix=anna')).toEqual(['anna@two.example'])
    expect(await names('prefix=b')).toEqual([])
    expect(await names('')).toEqual(['ann@two.example', 'anna@two.example', 'anne@two.example', 'zoë@two.example'])
  })

  test('takes the beginning of a name as names are written, with capitals and accents', async () => {
    expect(await names('prefix=ANNA')).toEqual(['anna@two.example'])
    expect(await names(`prefix=${encodeURIComponent(' ZOË ')}`)).toEqual(['zoë@two.example'])
    expect(await names(`prefix=${encodeURIComponent('zoe\u0308')}`)).toEqual(['zoë@two.example'])
    expect(await names(`prefix=${encodeURIComponent('.')}`)).toEqual([])
    expect(await names(`prefix=${'x'.repeat(5000)}`)).toEqual([])
  })

  test('in another domain, in all, and by the beginning of a JID', async () => {
    expect(await names('prefix=an&domain=one.example')).toEqual(['ann@one.example', 'ansgar@one.example'])
    expect(await names('prefix=ann&domain=*')).toEqual([
      'ann@one.example',
      'ann@two.example',
      'anna@two.example',
      'anne@two.example',
    ])
    expect(await names(`prefix=${encodeURIComponent('ann@')}`)).toEqual(['ann@one.example', 'ann@two.example'])
    expect(await names(`prefix=${encodeURIComponent('Ann@TW')}`)).toEqual(['ann@two.example'])
    expect(await names(`prefix=${encodeURIComponent('ann@one.example')}&domain=two.example`)).toEqual([
      'ann@one.example',
    ])
  })

  test('gives pages, which follow each other without gap or repeat', async () => {
    const seen: string[] = []
    let after = ''
    for (;;) {
      const page = OpsUserPage.parse((await ask(`/users?domain=*&limit=2&after=${encodeURIComponent(after)}`)).json())
      expect(page.users.length).toBeLessThanOrEqual(2)
      seen.push(...page.users.map((user) => user.jid))
      if (page.next === null) break
      after = page.next
    }
    expect(seen).toEqual([
      'ann@one.example',
      'ansgar@one.example',
      'ann@two.example',
      'anna@two.example',
      'anne@two.example',
      'zoë@two.example',
    ])
  })

  test('says what is stored of each', async () => {
    backend.set('anne', 400)
    await refresh('anne')
    const { users } = OpsUserPage.parse((await ask('/users?prefix=ann')).json())
    expect(users.map(({ contacts, version, isStale }) => ({ contacts, version, isStale }))).toEqual([
      { contacts: 2, version: 1, isStale: false },
      { contacts: 2, version: 1, isStale: false },
      { contacts: 2, version: 1, isStale: true },
    ])
  })

  test('shows nobody of a domain that is not for the caller', async () => {
    expect(await names('prefix=ann&domain=*', ofOne)).toEqual(['ann@one.example'])
    expect(await names('prefix=ann', ofOne)).toEqual(['ann@one.example'])
    expect(await names(`prefix=${encodeURIComponent('ann@two.example')}`, ofOne)).toEqual([])
    expect((await ask('/users?domain=two.example', 'GET', ofOne)).status).toBe(403)
  })

  test('refuses what it does not understand', async () => {
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'after=%40', 'domain=%20'])
      expect((await ask(`/users?${query}`)).status, query).toBe(400)
  })

  test('leaves out who was left in another shard when SHARDS was changed', async () => {
    const user = 'annika@two.example'
    const other = shardKeys((shardFor(user) + 1) % SHARDS)
    await redis.zadd(other.names, 0, nameOf('two.example' as Domain, 'annika'))
    await redis.hset(other.roster(jid(user)), { state: '1 1 0', contacts: 1 })
    expect(await names('prefix=annik')).toEqual([])
  })
})
