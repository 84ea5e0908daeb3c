import { z } from 'zod'
import { DomainName } from './domain-name.ts'

/** What a token may do: tell of changes, read rosters, operate (retry, pause), view the dashboard. None implies another. */
export const RIGHTS = ['notify', 'read', 'operate', 'view'] as const
export type Right = (typeof RIGHTS)[number]

const DOMAINS_ADVICE = 'Write "*" for all domains, or a list of domain names such as ["example.org"].'

/** A token as the configuration keeps it: enough to check one, nothing to use one. */
export const TokenEntry = z.strictObject(
  {
    name: z
      .string('Write a name for people, such as "contacts-app".')
      .min(1, 'Write a name for people, such as "contacts-app".')
      .max(100, 'Write a name of at most 100 characters.')
      .describe('For people: who has this token'),
    id: z
      .string('Write the part of the token between "rc_" and the next "_".')
      .regex(/^[a-z0-9]{4,32}$/, 'Write the part of the token between "rc_" and the next "_".')
      .describe('The part of the token between "rc_" and the next "_"'),
    sha256: z
      .string('Write the SHA-256 of the whole token, 64 hexadecimal digits in lower case.')
      .regex(/^[0-9a-f]{64}$/, 'Write the SHA-256 of the whole token, 64 hexadecimal digits in lower case.')
      .describe('SHA-256 of the whole token, in hexadecimal'),
    rights: z
      .array(z.enum(RIGHTS, `Write one of ${RIGHTS.join(', ')}.`), `Write a list of ${RIGHTS.join(', ')}.`)
      .min(1, `Write at least one of ${RIGHTS.join(', ')}.`)
      .readonly()
      .describe('What the token may do'),
    domains: z
      .union([z.literal('*'), z.array(DomainName).min(1, DOMAINS_ADVICE).readonly()], DOMAINS_ADVICE)
      .describe('The domains it may do that for; "*" is all'),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? `Write what \`npm run token\` prints.` : undefined) },
)
export type TokenEntry = Readonly<z.output<typeof TokenEntry>>
