import { describe, expect, it } from 'vitest'
import { BareJid } from './bare-jid.ts'
import { Domain } from './domain.ts'
import { parseUser, userFromJid, userOf } from './user.ts'
import { Username } from './username.ts'

const known = [Domain.parse('example.org'), Domain.parse('bücher.example')]
const domains = { default: Domain.parse('example.org'), has: (domain: Domain) => known.includes(domain) }

const john = { username: 'john', domain: 'example.org', jid: 'john@example.org' }

describe('a user', () => {
  it('without a domain is of the default one', () => {
    expect(parseUser('John', domains)).toEqual({ kind: 'user', user: john })
  })

  it('may name a configured domain, in any form', () => {
    expect(parseUser('john@Example.org.', domains)).toEqual({ kind: 'user', user: john })
    expect(parseUser('john@bücher.example', domains)).toMatchObject({ user: { domain: 'xn--bcher-kva.example' } })
  })

  it('of another domain is unusable', () => {
    const message = 'Domain not configured: example.net'
    expect(parseUser('john@example.net', domains)).toEqual({
      kind: 'unusable',
      failure: { username: 'john@example.net', code: 'domain-unknown', message },
    })
  })

  it.each([
    ['a b', 'Username invalid: U+0020 at character 2 is a space'],
    ['', 'Username invalid: it is empty'],
    ['@example.org', 'Username invalid: it is empty'],
    ['john@', 'Username invalid: after the @, the domain is empty'],
    ['john@example.org/phone', 'Username invalid: after the @, example.org/phone is not a domain'],
    ['john@a@example.org', 'Username invalid: after the @, a@example.org is not a domain'],
  ])('%j is unusable: %s', (text, message) => {
    expect(parseUser(text, domains)).toEqual({
      kind: 'unusable',
      failure: { username: text, code: 'username-invalid', message },
    })
  })

  it('that is unusable is named in a form that can be printed', () => {
    const named = (text: string) => {
      const result = parseUser(text, domains)
      return result.kind === 'unusable' && result.failure.username
    }
    expect(named('a\n\u202eb\ud800')).toBe('a\\u{a}\\u{202e}b\\u{d800}')
    expect(named(`${'x'.repeat(2000)}`)).toBe(`${'x'.repeat(63)}…`)
    expect(named(`${'x'.repeat(62)}${'😀'.repeat(10)}`)).toBe(`${'x'.repeat(62)}…`)
  })

  it('is made of a username and a domain, or again of its JID', () => {
    const user = userOf(Username.parse('john'), Domain.parse('example.org'))
    expect(user).toEqual(john)
    expect(userFromJid(user.jid)).toEqual(john)
  })

  it('is not made of a domain alone', () => {
    expect(() => userFromJid(BareJid.parse('example.org'))).toThrow('example.org is not the JID of a user')
  })
})
