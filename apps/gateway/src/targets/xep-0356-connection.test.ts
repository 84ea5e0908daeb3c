import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Domain } from '@rollcall/roster'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startProsody } from '../../../../test/support/prosody.ts'
import {
  aaron,
  connected,
  contact,
  jid,
  john,
  never,
  soon,
  targetOf,
} from '../../../../test/support/xep-0356-target.ts'

describe('connecting', () => {
  test('a wrong secret is tried once', async () => {
    const prosody = await startProsody()
    const target = targetOf(prosody.target, { secret: 'wrong' })
    const failure = {
      code: 'target-unauthorised',
      scope: 'target',
      message: expect.stringContaining('component_secret'),
    }
    await expect(target.check?.(soon())).rejects.toMatchObject(failure)
    await expect(target.get(john, soon())).rejects.toMatchObject({ code: 'target-unreachable', scope: 'target' })
    await new Promise((resolve) => setTimeout(resolve, 1_500)) // the library would try again after 1 s
    expect(prosody.logged(/Incoming Jabber component connection/)).toBe(1)
  })

  test.each<[string, Record<string, string>, string]>([
    ['nothing', { '["rollcall.example.org"] = {': '["another.example.org"] = {' }, 'no roster access'],
    ['reading alone', { 'roster = "both"': 'roster = "get"' }, 'only roster access "get"'],
    ['presences alone', { 'roster = "both";': '' }, 'no roster access'],
  ])('a server that grants %s: the message says what it needs', async (_, changes, said) => {
    const prosody = await startProsody({ changes })
    const target = targetOf(prosody.target)
    const failure = await target.check?.(soon()).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'target-not-granted', scope: 'target' })
    expect(String(failure)).toContain(said)
    expect(String(failure)).toContain('privileged_entities = { ["rollcall.example.org"] = { roster = "both" } }')
    await prosody.restart({})
    await target.check?.(soon())
  })

  test('a domain or a component that the server has not', async () => {
    const prosody = await startProsody()
    for (const settings of [{ domain: 'elsewhere.org' as Domain }, { component: 'gateway.example.org' as Domain }]) {
      await expect(targetOf(prosody.target, settings).check?.(soon())).rejects.toMatchObject({
        code: 'target-domain-unknown',
        scope: 'target',
        message: expect.stringContaining(settings.domain ?? settings.component),
      })
    }
    await connected(prosody) // neither is left behind
    const briefly = targetOf(prosody.target, { domain: 'elsewhere.org' as Domain, timeoutMs: 3_000 })
    await expect(briefly.check?.(AbortSignal.timeout(3_000))).rejects.toMatchObject({ code: 'target-domain-unknown' })
  })

  test('nobody there, and somebody who is silent', async () => {
    const nobody = await listening(() => {})
    nobody.close()
    await expect(targetOf(nobody.target).check?.(soon())).rejects.toMatchObject({
      code: 'target-unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    const silent = await listening(() => {})
    const attempt = targetOf(silent.target).check?.(AbortSignal.timeout(100))
    await expect(attempt).rejects.toMatchObject({ code: 'target-timeout', scope: 'target' })
  })

  test.each([
    ['resource-constraint', 'target-overloaded'],
    ['policy-violation', 'target-overloaded'],
    ['system-shutdown', 'target-unreachable'],
    ['see-other-host', 'target-unreachable'],
  ])('%s is %s', async (condition, code) => {
    const server = await listening((write) =>
      write(`${STREAM}<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`),
    )
    await expect(targetOf(server.target).check?.(soon())).rejects.toMatchObject({ code, scope: 'target' })
  })

  test.each(['HTTP/1.1 400 Bad Request\r\n\r\n<html></body>', `${STREAM}<a b='&nonsense;'/>`, '<?xml?></a>'])(
    'a server that answers %j ends its connection, not the process',
    async (answer) => {
      const server = await listening((write) => write(answer))
      await expect(targetOf(server.target).check?.(soon())).rejects.toMatchObject({ scope: 'target' })
    },
  )

  test('a component that is connected already: the second one is turned away where the server is told to', async () => {
    const prosody = await startProsody({ changes: { '"kick_old"': '"kick_new"' } })
    const first = await connected(prosody)
    await expect(targetOf(prosody.target).check?.(soon())).rejects.toMatchObject({
      code: 'target-unreachable',
      message: expect.stringContaining('another connection'),
    })
    await first.close()
    await connected(prosody)
  })

  test('as deployed, the one that comes later takes over, and the other one cannot write any more', async () => {
    const prosody = await startProsody()
    await prosody.addUsers('john')
    const first = await connected(prosody)
    const second = await connected(prosody)
    await expect(first.put(john, contact('aaron'), soon())).rejects.toMatchObject({
      code: 'target-unreachable',
      scope: 'target',
    })
    await second.put(john, contact('bert'), soon())
    expect([...(await second.get(john, soon())).keys()]).toEqual([jid('bert')])
  })
})

describe('what it reads', () => {
  test('a grant of another domain is none, and an answer of somebody else is none', async () => {
    const server = await listening(
      (write) => write(STREAM),
      (received, write) => {
        if (received.includes('<handshake>')) write(`<handshake/>${grant('both')}${grant('none', 'elsewhere.org')}`)
        if (!received.includes('jabber:iq:roster')) return
        write(rosterAnswer(received, 'john@example.org/phone', `<item jid='mallory@example.org'/>`))
        write(rosterAnswer(received, 'john@example.org', `<item jid='aaron@example.org'/>`))
      },
    )
    const target = targetOf(server.target)
    await target.check?.(soon())
    expect([...(await target.get(john, soon())).keys()]).toEqual([aaron.jid])
  })

  test('a letter that comes in two pieces is one', async () => {
    const server = await listening(
      (write) => write(STREAM),
      (received, write) => {
        if (received.includes('<handshake>')) write(`<handshake/>${grant('both')}`)
        if (!received.includes('jabber:iq:roster')) return
        const bytes = Buffer.from(rosterAnswer(received, john.jid, `<item jid='aaron@example.org' name='Zoë'/>`))
        const middle = bytes.indexOf('ë') + 1
        write(bytes.subarray(0, middle))
        setTimeout(() => write(bytes.subarray(middle)), 50) // else they come as one
      },
    )
    const target = targetOf(server.target)
    await target.check?.(soon())
    expect((await target.get(john, soon())).get(aaron.jid)?.name).toBe('Zoë')
  })

  test('a grant that is taken back ends the connection', async () => {
    const server = await listening(
      (write) => write(STREAM),
      (received, write) => write(received.includes('<handshake>') ? `<handshake/>${grant('both')}` : grant('none')),
    )
    const target = targetOf(server.target)
    await target.check?.(soon())
    await expect(target.get(john, never())).rejects.toMatchObject({ code: 'target-not-granted', scope: 'target' })
  })
})

describe('a connection that breaks', () => {
  test('what is on its way fails at once, and nothing is sent before the next check', async () => {
    const prosody = await startProsody()
    await prosody.addUsers('john', 'aaron')
    const target = await connected(prosody)
    await target.put(john, contact('aaron', { name: 'Aaron' }), soon())
    prosody.pause() // so that they are on their way
    const attempts = Array.from({ length: 16 }, (_, i) => target.put(john, contact(`user${i}`), never()))
    const outcomes = Promise.allSettled(attempts)
    await prosody.kill()
    const unreachable = { code: 'target-unreachable', scope: 'target', isTemporary: true }
    expect(await outcomes).toMatchObject(attempts.map(() => ({ status: 'rejected', reason: unreachable })))

    await prosody.restart()
    await expect(target.get(john, soon())).rejects.toMatchObject(unreachable)
    await target.check?.(soon())
    expect((await target.get(john, soon())).get(jid('aaron'))).toEqual(contact('aaron', { name: 'Aaron' }))
    await target.put(aaron, contact('john'), soon())
  })

  test('a server that hangs: one request tells, the others need not wait', async () => {
    const prosody = await startProsody()
    await prosody.addUsers('john', 'aaron')
    const target = await connected(prosody)
    prosody.pause()
    const attempts = [target.get(aaron, never()), target.get(john, AbortSignal.timeout(200))]
    const silence = { code: 'target-timeout', scope: 'target' }
    expect(await Promise.allSettled(attempts)).toMatchObject([{ reason: silence }, { reason: silence }])
    await expect(target.check?.(AbortSignal.timeout(200))).rejects.toMatchObject(silence)
    prosody.resume()
    await target.check?.(soon())
    expect(await target.get(john, soon())).toEqual(new Map())
  })

  test('one request that is given up: only that one is unknown', async () => {
    const prosody = await startProsody()
    await prosody.addUsers('john', 'aaron')
    const target = await connected(prosody)
    const givingUp = new AbortController()
    const attempt = target.put(john, contact('aaron'), givingUp.signal)
    const other = target.put(aaron, contact('john'), soon())
    givingUp.abort()
    await expect(attempt).rejects.toMatchObject({ code: 'target-timeout', scope: 'user', isTemporary: true })
    await other
    await expect(target.put(john, contact('aaron'), AbortSignal.abort())).rejects.toMatchObject({ scope: 'user' })
  })

  test('closed is closed', async () => {
    const prosody = await startProsody()
    const target = await connected(prosody)
    await target.close()
    await expect(target.get(john, soon())).rejects.toMatchObject({ code: 'target-unreachable' })
    await expect.poll(() => prosody.logged(/component disconnected/)).toBe(1)
  })
})

const STREAM = `<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='1'>`

type Write = (text: string | Buffer) => void

/** A server that says one thing to whoever connects, then what the test lets it say. Ends with the test. */
async function listening(greet: (write: Write) => void, answer?: (received: string, write: Write) => void) {
  const server = createServer((socket) => {
    const write: Write = (text) => void socket.write(text)
    socket.setEncoding('utf8')
    socket.on('error', () => {})
    socket.once('data', () => {
      greet(write)
      socket.on('data', (received: string) => answer?.(received, write))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return {
    target: {
      type: 'xep-0356' as const,
      domain: 'example.org',
      service: `xmpp://127.0.0.1:${port}`,
      component: 'rollcall.example.org',
      secret: 'change-me',
    },
    close: () => server.close(),
  }
}

const grant = (type: string, from = 'example.org') =>
  `<message from='${from}'><privilege xmlns='urn:xmpp:privilege:1'><perm access='roster' type='${type}'/></privilege></message>`

const rosterAnswer = (asked: string, from: string, items: string) =>
  `<iq type='result' from='${from}' id='${/id="([^"]+)"/.exec(asked)?.[1]}'><query xmlns='jabber:iq:roster'>${items}</query></iq>`
