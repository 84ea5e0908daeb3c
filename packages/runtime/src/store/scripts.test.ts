import { expect, test } from 'vitest'
import { freshStoreOfFile, newRoster, testUser } from '../../../../test/support/fresh-store.ts'
import { loadScripts } from './scripts.ts'

const fresh = freshStoreOfFile()

const calls = async (command: string): Promise<number> => {
  const stats = await fresh.redis.info('commandstats')
  return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0)
}

test('the text of every script is there, with what it shares in front', () => {
  const scripts = loadScripts()
  for (const [name, text] of Object.entries(scripts)) expect(text).toContain(`-- ${name.replace('guarded-', '')}.lua`)
  for (const name of ['begin', 'commit', 'confirm', 'fail'] as const)
    expect(scripts[name]).toContain('local function settle(')
})

test('a Redis that does not know the scripts (any more) is given them', async () => {
  const john = testUser('john')
  for (const restarted of [true, false, true]) {
    if (restarted) await fresh.redis.script('FLUSH')
    const fetch = await fresh.begin(john, 'a')
    expect(await fresh.store.commit(john, fetch, newRoster('one'))).toBe('ok')
    expect(await fresh.store.confirm(john, await fresh.begin(john), {})).toBe('ok')
    await fresh.store.release(john, await fresh.begin(john))
    expect((await fresh.store.states(0, [john.jid])).states).toHaveLength(1)
    expect(await fresh.store.sweep(0, 0, 0, 100)).toEqual([john.jid])
  }
})

test('a known script is called by its hash', async () => {
  const { jid } = testUser('john')
  await fresh.store.states(0, [jid])
  const before = await calls('evalsha')
  for (let i = 0; i < 5; i++) await fresh.store.states(0, [jid])
  expect((await calls('evalsha')) - before).toBeGreaterThanOrEqual(5)
})

test('any other error of a script is told', async () => {
  const { jid } = testUser('broken')
  await fresh.redis.set(fresh.keys.user(jid), 'not a hash')
  await expect(fresh.store.states(0, [jid])).rejects.toThrow('WRONGTYPE')
})

test('on a Cluster messages are published to the nodes of their shard alone', () => {
  const [one, cluster] = [loadScripts(), loadScripts(true)]
  for (const name of ['begin', 'commit', 'confirm', 'fail'] as const) {
    expect(one[name]).toContain("redis.call('PUBLISH'")
    expect(cluster[name]).not.toContain("redis.call('PUBLISH'")
    expect(cluster[name]).toContain("redis.call('SPUBLISH'")
  }
})
