import { z } from 'zod'
import { Domain } from '../domain.ts'

/** What somebody may do in the dashboard: look, and act. */
export const OPS_RIGHTS = ['view', 'operate'] as const
export const OpsRight = z.enum(OPS_RIGHTS)
export type OpsRight = z.infer<typeof OpsRight>

/** Body of `POST /ops/api/session`. */
export const OpsLogin = z.strictObject({ token: z.string().min(1).max(200) })
export type OpsLogin = z.infer<typeof OpsLogin>

/** Answer of `GET` and `POST /ops/api/session`: who is logged in. */
export const OpsSession = z
  .object({
    /** Of the token, or what the proxy in front says. */
    name: z.string(),
    /** `loopback`: no tokens are configured, so whoever is on this machine may do everything, and nobody logs in. */
    by: z.enum(['token', 'proxy', 'loopback']),
    rights: z.array(OpsRight).readonly(),
    /** For which domains; what concerns all of Rollcall (queues, tokens, settings) needs '*' to act on. */
    domains: z.union([z.literal('*'), z.array(Domain).readonly()]),
    /** ISO 8601; absent: it does not end. */
    expiresAt: z.iso.datetime().exactOptional(),
    /** Of Rollcall. */
    version: z.string(),
    /** All that are configured, the default one first. */
    configuredDomains: z.array(Domain).readonly(),
    shards: z.int().positive(),
  })
  .readonly()
export type OpsSession = z.infer<typeof OpsSession>
