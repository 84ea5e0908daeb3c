import { z } from 'zod'
import { Domain } from '../domain.ts'

const count = z.int().nonnegative()

export const TOKEN_RIGHTS = ['notify', 'read', 'operate', 'view'] as const

/** Answer of `GET /ops/api/settings`: the configuration of the api that answers. */
export const OpsSettings = z
  .object({
    settings: z
      .array(
        z.object({
          /** As in rollcall.config.json. */
          name: z.string(),
          variable: z.string(),
          section: z.string(),
          description: z.string(),
          /** For people; secrets are not in it. */
          value: z.string(),
          isDefault: z.boolean(),
          isSecret: z.boolean(),
        }),
      )
      .readonly(),
    domains: z.array(z.object({ domain: Domain, rosterUrl: z.string(), details: z.record(z.string(), z.string()) })),
    warnings: z.array(z.string()).readonly(),
  })
  .readonly()
export type OpsSettings = z.infer<typeof OpsSettings>

export const OpsToken = z
  .object({
    id: z.string(),
    name: z.string(),
    rights: z.array(z.enum(TOKEN_RIGHTS)).readonly(),
    domains: z.union([z.literal('*'), z.array(Domain).readonly()]),
    /** `configuration`: can be taken away only there; `dashboard`: made at run time, kept in Redis. */
    from: z.enum(['configuration', 'dashboard']),
    createdAt: z.iso.datetime().exactOptional(),
    createdBy: z.string().exactOptional(),
    /** About, within a minute; absent: never, as far as is known. */
    lastUsedAt: z.iso.datetime().exactOptional(),
  })
  .readonly()
export type OpsToken = z.infer<typeof OpsToken>

export const OpsTokens = z.object({ tokens: z.array(OpsToken).readonly() }).readonly()
export type OpsTokens = z.infer<typeof OpsTokens>

/** Body of `POST /ops/api/tokens`. */
export const OpsNewToken = z.strictObject({
  name: z.string().trim().min(1, 'Write a name for people, such as "contacts-app".').max(100),
  rights: z.array(z.enum(TOKEN_RIGHTS)).min(1, 'Choose at least one right.'),
  domains: z.union([z.literal('*'), z.array(Domain).min(1, 'Choose "*" for all domains, or at least one domain.')]),
})
export type OpsNewToken = z.infer<typeof OpsNewToken>

/** Answer (201) of `POST /ops/api/tokens`: the only time that the token itself is shown. */
export const OpsMadeToken = z.object({ token: z.string(), entry: OpsToken }).readonly()
export type OpsMadeToken = z.infer<typeof OpsMadeToken>

/** One action of somebody. */
export const OpsAuditEntry = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    who: z.string(),
    /** `retry-failures`, `drop-roster`, … */
    action: z.string(),
    /** To what, for people. */
    what: z.string(),
    /** How many users or the like. */
    count: count.exactOptional(),
    result: z.enum(['done', 'refused', 'failed']),
  })
  .readonly()
export type OpsAuditEntry = z.infer<typeof OpsAuditEntry>

/** Answer of `GET /ops/api/audit?before=`: the newest first. */
export const OpsAudit = z.object({ entries: z.array(OpsAuditEntry).readonly(), next: z.string().nullable() }).readonly()
export type OpsAudit = z.infer<typeof OpsAudit>
