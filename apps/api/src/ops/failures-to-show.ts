import type { Domain, Failure } from '@rollcall/roster'
import type { RefreshFound } from '../refresh-records.ts'
import { may, type Operator } from './route.ts'

const NOT_THEIRS = { username: 'hidden', message: 'Those who are listed are of domains that you may not view' }

/**
 * A refresh as somebody may see it who is there for some domains only: a refresh of one domain may name users of others.
 * How many failed is told of all, who they are of their own.
 */
export function failuresToShow(
  { progress, failuresByCode }: RefreshFound,
  operator: Operator,
  defaultDomain: Domain,
): RefreshFound {
  if (operator.domains === '*') return { progress, failuresByCode }
  const isTheirs = ({ username, code }: Pick<Failure, 'username' | 'code'>): boolean => {
    if (code === 'username-invalid' || code === 'domain-unknown') return true // nobody's name
    const at = username.indexOf('@')
    return may(operator, 'view', at < 0 ? defaultDomain : (username.slice(at + 1) as Domain))
  }
  const failures = progress.failures.filter(isTheirs)
  const exampleOf = (wanted: Failure['code']) => {
    const found = failures.find(({ code }) => code === wanted)
    return found ? { username: found.username, message: found.message } : NOT_THEIRS
  }
  return {
    progress: { ...progress, failures },
    failuresByCode: failuresByCode.map(({ example, ...counted }) => ({
      ...counted,
      example: isTheirs({ ...counted, ...example }) ? example : exampleOf(counted.code),
    })),
  }
}
