import { OpsJudgement, parseDomain, printable } from '@rollcall/roster'
import { type EmptiedDeps, judged } from '../judge-emptied.ts'
import { parseBody } from './body.ts'
import { insistOn, OpsError, type OpsRoute } from './route.ts'

/** To say whether the empty rosters of a domain that are held back are right. */
export function emptiedRoutes(deps: EmptiedDeps): OpsRoute[] {
  return [
    {
      method: 'post',
      path: '/domains/:domain/emptied',
      right: 'operate',
      scope: 'domain',
      action: 'judge-emptied',
      async handle({ params, body, operator, tell }) {
        const { domain: name = '' } = params
        const parsed = parseDomain(name)
        if (parsed.kind === 'invalid' || !deps.domains.has(parsed.domain))
          throw new OpsError(404, `${printable(name)} is not a domain that is configured here`)
        const { domain } = parsed
        insistOn(operator, 'operate', domain)
        const { action } = parseBody(OpsJudgement, body)
        const what = `${domain}: ${action === 'confirm' ? 'they are right' : 'they are wrong'}`
        tell(what)
        const done = await judged(domain, action, operator.name, deps)
        tell(what, done.fetchedAgain)
        return done
      },
    },
  ]
}
