import { ModuleSummary, printable } from '@rollcall/roster'
import type { TargetConfig } from '@rollcall/runtime'
import { type HttpAnswer, httpClient, jsonOf, statusFailure } from './http.ts'
import { type Notification, type NotifyTarget, type TargetDeps, TargetError } from './target.ts'

/**
 * One node of Prosody with mod_http_roster_admin, which fetches the rosters of those of these users who are online, and
 * answers when all have come: or never. Which nodes there are: `prosody-nodes.ts`.
 */
export function prosodyRefresh(config: TargetConfig<'prosody-refresh'>, { version }: TargetDeps): NotifyTarget {
  const [address, ...others] = config.urls
  if (address === undefined || others.length > 0 || config.everyAddress)
    throw new Error(`${config.name}: each node is a target of its own`)
  const url = new URL(address)
  const base = url.pathname.replace(/\/$/, '')
  const client = httpClient({
    url,
    // Prosody finds the domain by it, whatever address it is reached at.
    headers: { ...config.headers, host: config.domain },
    version,
    connections: config.concurrency + 1, // one to ask for a sign of life
  })

  async function refresh(changes: readonly Notification[], signal: AbortSignal): Promise<HttpAnswer> {
    const life = signOfLife(signal)
    try {
      return await client.send(
        {
          method: 'POST',
          path: `${base}/roster_admin/refresh`,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(changes.map(({ user }) => user.username)),
        },
        signal,
      )
    } catch (error) {
      throw life.seen() && error instanceof TargetError && error.code === 'target-timeout' ? notAnswered(error) : error
    } finally {
      life.stop()
    }
  }

  /**
   * A node that does not answer is asked for something else in half of the time. When it answers that, it lives, and its
   * silence is about these users: one whose fetch fails is never answered for.
   */
  function signOfLife(signal: AbortSignal) {
    let seen = false
    const ask = (): void => {
      client.send({ method: 'GET', path: `${base}/` }, signal).then(
        () => {
          seen = true
        },
        () => {},
      )
    }
    const timer = setTimeout(ask, config.timeoutMs / 2)
    return { seen: () => seen, stop: () => clearTimeout(timer) }
  }

  return {
    kind: 'notify',
    batchSize: config.batch,
    async notify(changes, signal) {
      if (changes.length === 0) return [] // never answered
      const failure = failureOf(await refresh(changes, signal), changes.length, config)
      if (failure !== undefined) throw failure
      return changes.map(() => null)
    },
    close: client.close,
  }
}

const OF_A_USER = { scope: 'user', isTemporary: true } as const

const notAnswered = (cause: TargetError): TargetError =>
  new TargetError(
    'target-timeout',
    'It lives and does not answer for these users: it does not reach its http_roster_url, or stumbles over a roster',
    { ...OF_A_USER, cause },
  )

function failureOf(
  answer: HttpAnswer,
  users: number,
  { domain }: TargetConfig<'prosody-refresh'>,
): TargetError | undefined {
  const { status } = answer
  if (status === 404)
    return new TargetError(
      'target-domain-unknown',
      `It answered 404: http_roster_admin is not loaded for ${domain}, or its http_host is another one`,
    )
  if (status !== 200)
    return statusFailure(answer) ?? new TargetError('target-refused', `It answered ${status}`, OF_A_USER)
  const summary = ModuleSummary.safeParse(jsonOf(answer))
  if (!summary.success || summary.data.updated + summary.data.errors !== users)
    return new TargetError('target-answer-invalid', `It sent what is not a summary of this: ${printable(answer.text)}`)
  const { errors } = summary.data
  if (errors === 0) return undefined
  const what = `Prosody could not fetch ${errors} of ${users} rosters from its http_roster_url; its log says why`
  return new TargetError('target-refused', what, OF_A_USER)
}
