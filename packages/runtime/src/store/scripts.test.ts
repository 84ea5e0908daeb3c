import { expect, onTestFinished, test } from 'vitest'
import { freshStore, freshStoreOfFile, newRoster, testUser } from '../../../../test/support/fresh-store.ts'
import { watchedRedis } from '../../../../test/support/watched-redis.ts'
import { loadScripts } from './scripts.ts'

const fresh = freshStoreOfFile()

/** Scripts are those of a whole Redis: whoever makes it forget them needs one alone. */
async function aloneWithRedis() {
  const { url, commandsOf } = await watchedRedis()
  const alone = await freshStore(url)
  onTestFinished(alone.close)
  return { ...alone, commandsOf }
}

test('the text of every script is there, with what it shares in front', () => {
  const scripts = loadScripts()
  for (const [name, text] of Object.entries(scripts)) expect(text).toContain(`-- ${name.replace('guarded-', '')}.lua`)
  for (const name of ['begin', 'commit', 'confirm', 'fail'] as const)
    expect(scripts[name]).toContain('local function settle(')
})

test('a Redis that does not know the scripts (any more) is given them', async () => {
  const { store, redis, begin } = await aloneWithRedis()
  const john = testUser('john')
  for (const restarted of [true, false, true]) {
    if (restarted) await redis.script('FLUSH')
    const fetch = await begin(john, 'a')
    expect(await store.commit(john, fetch, newRoster('one'))).toBe('ok')
    expect(await store.confirm(john, await begin(john), {})).toBe('ok')
    await store.release(john, await begin(john))
    expect((await store.states(0, [john.jid])).states).toHaveLength(1)
    expect(await store.sweep(0, 0, 0, 100)).toEqual([john.jid])
  }
})

test('a known script is called by its hash', async () => {
  const { store, commandsOf } = await aloneWithRedis()
  const { jid } = testUser('john')
  await store.states(0, [jid])
  const commands = await commandsOf(async () => {
    for (let i = 0; i < 5; i++) await store.states(0, [jid])
  })
  const calls = commands.map(([name = '']) => name.toLowerCase()).filter((name) => name.startsWith('eval'))
  expect(calls).toEqual(Array.from({ length: 5 }, () => 'evalsha'))
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
