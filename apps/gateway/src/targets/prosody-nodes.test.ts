import { describe, expect, it, vi } from 'vitest'
import { targetConfig, targetDeps } from '../../../../test/support/notify-target.ts'
import { type ProsodyNodesDeps, prosodyNodes } from './prosody-nodes.ts'

const { log } = targetDeps

const nodesOf = (settings: object, lookUp?: ProsodyNodesDeps['lookUp']) =>
  prosodyNodes(targetConfig('prosody-refresh', settings), { log, ...(lookUp && { lookUp }) })

const found = (...addresses: string[]) =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

describe('the nodes of Prosody', () => {
  it('are those of the configuration, each a target of its own with the same settings', async () => {
    const urls = [
      'http://prosody-2:5280',
      'https://prosody-1:5281',
      'http://proxy/prosody-3/',
      'http://prosody-2:5280/',
    ]
    const nodes = await nodesOf({ urls, batch: 7 }).list()
    expect(nodes.map(({ name, urls }) => [name, urls])).toEqual([
      ['prosody-refresh@prosody-1:5281', ['https://prosody-1:5281/']],
      ['prosody-refresh@prosody-2:5280', ['http://prosody-2:5280/']],
      ['prosody-refresh@proxy/prosody-3', ['http://proxy/prosody-3/']],
    ])
    expect(nodes.every((node) => node.batch === 7 && node.domain === 'example.org')).toBe(true)
  })

  it('are all addresses that DNS has for the names, when it is told so', async () => {
    const addresses: Record<string, string[]> = {
      'prosody.internal': ['10.0.0.2', '2001:db8::2', '10.0.0.1'], // of both kinds: that is one node with two addresses
      six: ['2001:db8::1'],
    }
    const urls = ['http://prosody.internal:5280', 'http://six:5280', 'http://[::1]:5280']
    const nodes = await nodesOf({ urls, everyAddress: true }, async (name) => found(...(addresses[name] ?? []))).list()
    expect(nodes.map(({ name, urls }) => [name, urls])).toEqual([
      ['prosody-refresh@10.0.0.1:5280', ['http://10.0.0.1:5280/']],
      ['prosody-refresh@10.0.0.2:5280', ['http://10.0.0.2:5280/']],
      ['prosody-refresh@[2001:db8::1]:5280', ['http://[2001:db8::1]:5280/']],
      ['prosody-refresh@[::1]:5280', ['http://[::1]:5280/']],
    ])
  })

  it('come and go with DNS, which is asked now and then', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    try {
      let addresses = ['10.0.0.1']
      const lookUp = vi.fn(async () => found(...addresses))
      const nodes = nodesOf({ urls: ['http://prosody:5280'], everyAddress: true }, lookUp)
      const names = async () => (await nodes.list()).map(({ name }) => name)

      await Promise.all([names(), names()])
      addresses = ['10.0.0.2', '10.0.0.3']
      expect(await names()).toEqual(['prosody-refresh@10.0.0.1:5280'])
      expect(lookUp).toHaveBeenCalledTimes(1)

      vi.advanceTimersByTime(5_000)
      expect(await names()).toEqual(['prosody-refresh@10.0.0.2:5280', 'prosody-refresh@10.0.0.3:5280'])
      expect(lookUp).toHaveBeenCalledTimes(2)
    } finally {
      vi.useRealTimers()
    }
  })

  it('stay while DNS does not answer', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    try {
      let works = false
      const lookUp: ProsodyNodesDeps['lookUp'] = async () => {
        if (works) return found('10.0.0.1')
        throw new Error('getaddrinfo EAI_AGAIN')
      }
      const nodes = nodesOf({ urls: ['http://prosody:5280'], everyAddress: true }, lookUp)
      expect(await nodes.list()).toEqual([])
      works = true
      vi.advanceTimersByTime(5_000)
      expect(await nodes.list()).toHaveLength(1)
      works = false
      vi.advanceTimersByTime(5_000)
      expect(await nodes.list()).toHaveLength(1)
    } finally {
      vi.useRealTimers()
    }
  })

  it('are waited for a moment only, since other targets wait with them', async () => {
    const nodes = nodesOf({ urls: ['http://prosody:5280'], everyAddress: true }, () => new Promise(() => {}))
    expect(await nodes.list()).toEqual([])
  })

  it('are found by the resolver of the system', async () => {
    const nodes = await nodesOf({ urls: ['http://localhost:5280', 'http://127.0.0.1:5280'], everyAddress: true }).list()
    expect(nodes.map(({ name }) => name)).toEqual(['prosody-refresh@127.0.0.1:5280'])
  })
})
