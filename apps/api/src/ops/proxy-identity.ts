import { BlockList, isIPv6 } from 'node:net'
import { OPS_RIGHTS } from '@rollcall/roster'
import type { Config, Network } from '@rollcall/runtime'
import type { Request } from 'express'
import { type Operator, OpsError } from './route.ts'

/** Whether a connection comes from a trusted proxy, by the address of its other end. */
export type IsTrusted = (address: string | undefined) => boolean

export function trustedProxies(networks: readonly Network[]): IsTrusted {
  const list = new BlockList()
  for (const { address, prefix, family } of networks) list.addSubnet(address, prefix, family)
  return (address) => address !== undefined && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

export interface ProxyIdentity {
  /** A trusted proxy sends this, which has seen to who it is: nobody is taken for somebody on this machine. */
  speaksFor(request: Request): boolean
  /** Whom it names; null: nobody. */
  operatorIn(request: Request): Operator | null
}

const MAX_NAME_LENGTH = 100
/** Controls, marks of direction, what is no UTF-8: a name is to look like no other one in the audit log. */
const UNREADABLE = /[\p{C}\uFFFD]/u

/** Who uses the dashboard, as a trusted proxy says it. */
export function proxyIdentity(
  { opsIdentityHeader: header, opsOperators }: Pick<Config, 'opsIdentityHeader' | 'opsOperators'>,
  isTrusted: IsTrusted,
): ProxyIdentity {
  const operators = new Set(opsOperators)
  const speaksFor = (request: Request): boolean => header !== undefined && isTrusted(request.socket.remoteAddress)
  return {
    speaksFor,
    operatorIn(request) {
      const values = header === undefined ? [] : (request.headersDistinct[header] ?? [])
      if (!speaksFor(request) || values.length === 0 || values[0] === '') return null
      const name = Buffer.from(values[0] ?? '', 'latin1').toString() // in UTF-8; Node reads headers as Latin-1
      if (values.length > 1 || name.length > MAX_NAME_LENGTH || UNREADABLE.test(name))
        throw new OpsError(
          403,
          `The proxy names nobody: ${header} must come once, be ${MAX_NAME_LENGTH} characters of UTF-8 at most, and have none that cannot be seen`,
        )
      const mayOperate = operators.has('*') || operators.has(name)
      return { name, by: 'proxy', rights: mayOperate ? OPS_RIGHTS : ['view'], domains: '*' }
    },
  }
}
