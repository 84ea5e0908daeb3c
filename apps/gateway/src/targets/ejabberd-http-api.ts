import { printable } from '@rollcall/roster'
import type { TargetConfig } from '@rollcall/runtime'
import { type HttpAnswer, httpClient, jsonOf, statusFailure } from './http.ts'
import { TargetError } from './target.ts'

/** What came of a command: its result, or why ejabberd does not run it with these arguments. */
export type CommandAnswer =
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'refused'; readonly message: string }

export type EjabberdApi = ReturnType<typeof ejabberdApi>

/** Larger answers are not read: a roster of 10,000 contacts, each in five groups, has 5 MB. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024

const JSON_HEADERS = { 'content-type': 'application/json' }

/** The commands of ejabberd over mod_http_api. */
export function ejabberdApi(
  config: Pick<TargetConfig<'ejabberd-http'>, 'url' | 'headers' | 'concurrency'>,
  version: string,
) {
  const url = new URL(config.url)
  const base = url.pathname.replace(/\/+$/, '')
  const { headers, concurrency: connections } = config
  // No more connections than that: ejabberd stalls for seconds when many are opened at once.
  const http = httpClient({ url, headers, version, connections, maxAnswerBytes: MAX_ANSWER_BYTES })

  /** Throws a TargetError: of scope `user` where it may be due to what was asked. */
  async function call(command: string, args: object, signal: AbortSignal): Promise<CommandAnswer> {
    const path = `${base}/${command}`
    const answer = await http.send({ method: 'POST', path, headers: JSON_HEADERS, body: JSON.stringify(args) }, signal)
    if (answer.cutOff !== undefined) throw ofScope('user', answer.cutOff)
    if (answer.status === 200) return { kind: 'result', result: jsonOf(answer) }
    const message = messageIn(answer)
    if (answer.status === 400 && message !== undefined) return { kind: 'refused', message }
    throw failureOf(answer, command, message)
  }

  return { call, close: http.close }
}

/** The same failure, but of somebody else: it may go better another time. */
export function ofScope(scope: 'target' | 'user', error: TargetError): TargetError {
  const { code, message, retryAfterMs, cause } = error
  return new TargetError(code, message, {
    scope,
    isTemporary: true,
    cause,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

/** `"text"`, or `{ "status": "error", "code": 32, "message": "text" }`; undefined when it is not ejabberd that speaks. */
function messageIn({ text }: HttpAnswer): string | undefined {
  try {
    const json: unknown = JSON.parse(text)
    const message = typeof json === 'object' && json !== null && 'message' in json ? json.message : json
    return typeof message === 'string' ? message : undefined
  } catch {
    return undefined
  }
}

function failureOf(answer: HttpAnswer, command: string, message: string | undefined): TargetError {
  const said = `ejabberd answered ${command} with ${answer.status}${message === undefined ? '' : ` (${printable(message)})`}`
  if (answer.status === 401) {
    return new TargetError('target-unauthorised', `${said}: give the target a header Authorization that it takes`)
  }
  if (answer.status === 403) {
    return new TargetError('target-not-granted', `${said}: its api_permissions do not let us use this command`)
  }
  if (answer.status === 404 && message !== undefined) {
    return new TargetError('target-not-granted', `${said}: it needs the module mod_admin_extra`)
  }
  if (answer.status === 500) {
    return new TargetError('target-answer-invalid', `${said}: its log says why`, { scope: 'user', isTemporary: true })
  }
  return statusFailure(answer) ?? new TargetError('target-answer-invalid', `${said}: is the URL that of mod_http_api?`)
}
