import { parseDomain } from '@rollcall/roster'
import { z } from 'zod'

/** A domain as the configuration names it; afterwards in the form in which domains are compared. */
export const DomainName = z.string('Write a domain name, such as "example.org".').transform((text, context) => {
  const result = parseDomain(text)
  if (result.kind === 'valid') return result.domain
  context.addIssue({ code: 'custom', message: `Write a domain name, such as "example.org": ${result.reason}.` })
  return z.NEVER
})
