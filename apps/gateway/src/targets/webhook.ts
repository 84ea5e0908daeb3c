import { createHash } from 'node:crypto'
import { toWebhookPayload } from '@rollcall/roster'
import type { TargetConfig } from '@rollcall/runtime'
import { Webhook } from 'standardwebhooks'
import { type HttpAnswer, httpClient, statusFailure } from './http.ts'
import { type Notification, type NotifyTarget, type TargetDeps, TargetError } from './target.ts'

/**
 * Signed messages to any HTTP endpoint, one for each user, after Standard Webhooks 1.0.0. Of what it answers, only the status
 * is looked at.
 */
export function webhook(config: TargetConfig<'webhook'>, { version }: TargetDeps): NotifyTarget {
  const url = new URL(config.url)
  const client = httpClient({ url, headers: config.headers, version, connections: config.concurrency })
  const signer = new Webhook(config.secret)

  async function tell(change: Notification, signal: AbortSignal): Promise<void> {
    const message = signed(change, signer)
    const answer = await client.send({ method: 'POST', path: url.pathname + url.search, ...message }, signal)
    const failure = failureOf(answer)
    if (failure !== undefined) throw failure
  }

  return {
    kind: 'notify',
    batchSize: 1,
    async notify(changes, signal) {
      for (const change of changes) await tell(change, signal)
      return changes.map(() => null)
    },
    close: client.close,
  }
}

function signed(change: Notification, signer: Webhook) {
  const body = JSON.stringify(toWebhookPayload(change))
  const id = webhookId(change.id)
  const now = new Date()
  return {
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': signer.sign(id, now, body),
    },
    body,
  }
}

/** Part of what is signed, where a full stop ends it, and of a header, which holds no names of users. */
const webhookId = (id: string): string =>
  /^[\w-]+$/.test(id) ? id : createHash('sha256').update(id).digest('base64url')

function failureOf(answer: HttpAnswer): TargetError | undefined {
  const { status, retryAfterMs } = answer
  if (status >= 200 && status < 300) return undefined
  if (status === 410)
    return new TargetError('target-gone', 'It answered 410: it wants to be told nothing more', { isTemporary: false })
  if (status === 404 || status === 405)
    return new TargetError('target-refused', `It answered ${status}: nothing takes messages at this address`)
  return statusFailure(answer) ?? refusalOf(status, retryAfterMs)
}

/** It may be about this message alone, which must not keep back the others. */
function refusalOf(status: number, retryAfterMs: number | undefined): TargetError {
  const options = { scope: 'user', isTemporary: true, ...(retryAfterMs !== undefined && { retryAfterMs }) } as const
  return new TargetError('target-refused', `It answered ${status} to this message`, options)
}
