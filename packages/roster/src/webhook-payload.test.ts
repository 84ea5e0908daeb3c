import { describe, expect, it } from 'vitest'
import { BareJid } from './bare-jid.ts'
import { Domain } from './domain.ts'
import { userOf } from './user.ts'
import { Username } from './username.ts'
import { V1Contact } from './v1-roster.ts'
import { toWebhookPayload, WebhookPayload } from './webhook-payload.ts'

const john = userOf(Username.parse('john'), Domain.parse('example.org'))
const aaron = V1Contact.parse({ jid: 'aaron@example.org', name: 'Aaron', groups: ['Team'], subscription: 'both' })
const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678)

describe('the payload of a webhook', () => {
  it('says whose roster changed, when, and what', () => {
    const removed = [BareJid.parse('marie@example.org')]
    const payload = toWebhookPayload({ user: john, at, version: 7, change: { added: [aaron], updated: [], removed } })
    expect(JSON.parse(JSON.stringify(payload))).toStrictEqual({
      type: 'roster.changed',
      payloadVersion: 1,
      timestamp: '2026-01-02T03:04:05.678Z',
      data: {
        username: 'john',
        domain: 'example.org',
        version: 7,
        added: [{ jid: 'aaron@example.org', name: 'Aaron', groups: ['Team'], subscription: 'both' }],
        updated: [],
        removed: ['marie@example.org'],
      },
    })
    expect(WebhookPayload.parse(payload)).toStrictEqual(payload)
  })

  it('says that it does not know what changed, or which version that made', () => {
    const payload = toWebhookPayload({ user: john, at, version: 0, change: null })
    expect(payload.data).toStrictEqual({
      username: 'john',
      domain: 'example.org',
      added: [],
      updated: [],
      removed: [],
      truncated: true,
    })
    expect(WebhookPayload.parse(payload)).toStrictEqual(payload)
  })
})
