import { type Domain, type OpsJudged, OpsJudgement, parseDomain, printable } from '@rollcall/roster'
import type { Config, Log, RosterStore } from '@rollcall/runtime'
import type { Request, RequestHandler } from 'express'
import type { Caller } from './gate.ts'
import { sendJson } from './json-response.ts'
import type { Refuse } from './refusals.ts'

export interface EmptiedDeps {
  readonly domains: Pick<Config['domains'], 'has'>
  readonly store: Pick<RosterStore, 'judgeEmptied' | 'repairNow'>
  readonly log: Log
}

export interface JudgeDeps extends EmptiedDeps {
  readonly refuse: Refuse
}

/** Says whether the empty rosters of a domain that are held back are right; all of its failed users are fetched again. */
export function judgeEmptied(deps: JudgeDeps): RequestHandler {
  const { domains, refuse } = deps
  return async (request, response) => {
    const caller = response.locals.caller as Caller
    const name = String(request.params.domain ?? '')
    const parsed = parseDomain(name)
    if (parsed.kind === 'invalid' || !domains.has(parsed.domain)) {
      const message = `${printable(name)} is not a domain that is configured here`
      return refuse(request, response, { status: 404, message, caller: caller.name })
    }
    const { domain } = parsed
    const forbidden = caller.refusal('operate', domain)
    if (forbidden) return refuse(request, response, { ...forbidden, caller: caller.name })
    const judgement = OpsJudgement.safeParse(bodyOf(request))
    if (!judgement.success) {
      const message =
        'Send {"action":"confirm"} when the empty rosters are right, {"action":"reject"} when they were wrong'
      return refuse(request, response, { status: 400, message, caller: caller.name })
    }
    const { action } = judgement.data
    sendJson(response, 200, { domain, action, ...(await judged(domain, action, caller.name, deps)) })
  }
}

export async function judged(
  domain: Domain,
  action: OpsJudgement['action'],
  caller: string,
  { store, log }: Pick<EmptiedDeps, 'store' | 'log'>,
): Promise<OpsJudged> {
  const wereHeld = await store.judgeEmptied(domain, action)
  const fetchedAgain = await store.repairNow(domain)
  log.warn({ domain, action, wereHeld, fetchedAgain, caller }, 'Somebody has judged empty rosters')
  return { wereHeld, fetchedAgain }
}

/** Undefined when it is no JSON: no judgement either. */
function bodyOf(request: Request): unknown {
  try {
    return JSON.parse(String(request.body))
  } catch {
    return undefined
  }
}
