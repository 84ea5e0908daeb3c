import { z } from 'zod'
import { DomainName } from '../access/domain-name.ts'
import { headers, integer, json, milliseconds, secret } from './forms.ts'

const urlAdvice = 'Write an http:// or https:// URL, such as "http://127.0.0.1:5280".'
const httpUrl = z
  .string(urlAdvice)
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), urlAdvice)

const common = {
  domain: DomainName.optional().describe('The XMPP domain whose users it is told of; default: the default domain'),
  timeoutMs: milliseconds(10).schema.default(10_000).describe('One attempt ends by then'),
  backoffMs: milliseconds(10)
    .schema.default(1_000)
    .describe('Pause after it could not be reached; doubles each time, with jitter'),
  maxBackoffMs: milliseconds(10).schema.default(60_000).describe('Longest such pause'),
  dryRun: z.boolean('Write true or false.').default(false).describe('Only say what would be written'),
}

const groupsAdvice = 'Write a list of roster groups, such as ["Team"].'
const ownership = {
  owns: z
    .union(
      [z.literal('all'), z.strictObject({ groups: z.array(z.string(groupsAdvice).min(1)).min(1, groupsAdvice) })],
      {
        error: 'Write "all", or {"groups": ["Team"]} for only the contacts in these groups.',
      },
    )
    .default('all')
    .describe('Which contacts are Rollcall\'s: "all", or those in some groups; users keep the others for themselves'),
  drift: z
    .enum(['mend', 'report', 'off'], 'Write one of mend, report, off.')
    .default('mend')
    .describe('What is done about rosters that somebody else has changed on the server'),
  driftIntervalS: integer(1, 31_536_000)
    .schema.default(86_400)
    .describe('Every roster is compared with that of the server once in so long'),
  maxPerSecond: integer(1, 100_000)
    .schema.default(200)
    .describe(
      'Rosters compared in a second at most, when all are: after an outage too long for the change log, or for drift',
    ),
}

const componentAdvice = 'Write where the server takes components, such as "xmpp://127.0.0.1:5347".'
const SECRET = 'whsec_'
const webhookSecretAdvice = 'Write whsec_ and 24 to 64 random bytes in base64: whsec_$(openssl rand -base64 32).'

/** The settings of a target, by its type. */
const TargetSettings = z.discriminatedUnion(
  'type',
  [
    z.strictObject({
      type: z.literal('prosody-refresh').describe('Prosody with mod_http_roster_admin'),
      ...common,
      urls: z
        .array(httpUrl, 'Write a list of URLs, such as ["http://prosody-1:5280"].')
        .min(1)
        .describe('Where each node takes HTTP; all of them are told'),
      everyAddress: z
        .boolean('Write true or false.')
        .default(false)
        .describe('Each address that DNS has for the names in these URLs is a node'),
      headers: headers.schema.prefault({}).describe('Headers of every request'),
      batch: integer(1, 10_000)
        .schema.default(50)
        .describe('Users in one request at most: the module opens a connection for each'),
      concurrency: integer(1, 100).schema.default(1).describe('Requests to one node at a time'),
    }),
    z.strictObject({
      type: z
        .literal('xep-0356')
        .describe('Prosody with mod_privilege: Rollcall is a component that may write rosters'),
      ...common,
      ...ownership,
      service: z
        .string(componentAdvice)
        .regex(/^xmpp:\/\/[^/?#\s]+:\d{1,5}$/, componentAdvice)
        .describe('Where the server takes components'),
      component: DomainName.describe('The name of the component'),
      secret: secret.schema.describe('Its secret'),
      concurrency: integer(1, 1_000).schema.default(16).describe('Requests on their way at a time'),
    }),
    z.strictObject({
      type: z.literal('ejabberd-http').describe('ejabberd with mod_http_api'),
      ...common,
      ...ownership,
      url: httpUrl.describe('Where mod_http_api answers, such as "http://127.0.0.1:5281/api"'),
      headers: headers.schema.prefault({}).describe('Headers of every request, Authorization say'),
      concurrency: integer(1, 16).schema.default(8).describe('Requests at a time, each on a connection of its own'),
    }),
    z.strictObject({
      type: z.literal('webhook').describe('Any HTTP endpoint, told by signed messages (Standard Webhooks)'),
      ...common,
      url: httpUrl.describe('Where messages are sent'),
      secret: z
        .string(webhookSecretAdvice)
        .refine((text) => isWebhookSecret(text), webhookSecretAdvice)
        .describe('Signs the messages'),
      headers: headers.schema.prefault({}).describe('Headers of every message'),
      concurrency: integer(1, 1_000).schema.default(8).describe('Messages on their way at a time'),
      disableAfterS: integer(0, 31_536_000)
        .schema.default(432_000)
        .describe('When nothing has arrived for so long it is told nothing more until it is enabled again; 0: never'),
    }),
  ],
  { error: () => 'Write a "type": prosody-refresh, xep-0356, ejabberd-http or webhook.' },
)
export type TargetSettings = z.output<typeof TargetSettings>
export type TargetType = TargetSettings['type']
export type TargetSettingsOf<T extends TargetType> = Extract<TargetSettings, { type: T }>

function isWebhookSecret(text: string): boolean {
  if (!text.startsWith(SECRET)) return false
  const bytes = Buffer.from(text.slice(SECRET.length), 'base64')
  return bytes.length >= 24 && bytes.length <= 64 && bytes.toString('base64') === text.slice(SECRET.length)
}

const nameAdvice = 'Name a target with letters, digits, - and _, 32 at most.'

/** Who is told of changes, by name. */
export const targets = {
  schema: z
    .record(
      z.string().regex(/^[\w-]{1,32}$/, nameAdvice),
      TargetSettings,
      'Write an object: names of targets, each with its settings.',
    )
    .readonly(),
  fromText: json,
  accepts: 'JSON object',
  secret: true,
}
