import type { Config, Log, RedisClient } from '@rollcall/runtime'
import type { Router } from 'express'
import { type Gate, gate } from '../gate.ts'
import { knownTokens } from '../known-tokens.ts'
import { tokenUses } from '../token-uses.ts'
import { type AuditLog, auditLog, auditRoutes } from './audit.ts'
import { type IsTrusted, proxyIdentity, trustedProxies } from './proxy-identity.ts'
import type { OpsRoute } from './route.ts'
import { sessionRouter, sessionRoutes } from './session.ts'
import { sessions } from './sessions.ts'
import { settingsRoutes } from './settings.ts'
import { tokenRoutes } from './tokens.ts'
import { type WhoAsks, whoAsks } from './who-asks.ts'

export interface AccessDeps {
  readonly config: Config
  readonly redis: RedisClient
  /** Of Rollcall. */
  readonly version: string
  readonly log: Log
}

/** Who may use this api and its dashboard, and what they did. */
export interface Access {
  readonly gate: Gate
  readonly whoAsks: WhoAsks
  readonly isTrustedProxy: IsTrusted
  readonly audit: AuditLog
  /** Logging in and out. */
  readonly session: Router
  readonly routes: readonly OpsRoute[]
  /** Calls back every few seconds; `mayHaveChanged`: somebody may have lost a token, or a session. */
  onLook(listener: (mayHaveChanged: boolean) => void): void
  /** Writes down when tokens were used. */
  close(): Promise<void>
}

/** Puts together what decides who may do what. Reads the tokens made at run time first, when Redis can be asked. */
export async function access({ config, redis, version, log }: AccessDeps): Promise<Access> {
  const isOpen = config.tokens.length === 0
  const tokens = knownTokens({ configured: config.tokens, redis, log })
  const uses = tokenUses(redis, log)
  const isTrustedProxy = trustedProxies(config.trustedProxies)
  const audit = auditLog(redis, log)
  const session = { ...config, sessions: sessions({ ...config, redis, tokens }), tokens, uses, isOpen, audit, version }
  const door = gate({ ...config, tokens: isOpen ? null : tokens, uses })
  await tokens.look().catch((error: unknown) => {
    if (!isOpen) log.warn({ err: error }, 'Until Redis can be read, tokens made at run time are not known here')
  })
  return {
    gate: door,
    whoAsks: whoAsks({ ...session, gate: door, identity: proxyIdentity(config, isTrustedProxy) }),
    isTrustedProxy,
    audit,
    session: sessionRouter(session),
    routes: [
      ...sessionRoutes(session),
      ...tokenRoutes({ ...config, tokens, uses }),
      ...settingsRoutes(config),
      ...auditRoutes({ audit }),
    ],
    onLook: tokens.onLook,
    async close() {
      tokens.close()
      await uses.close()
    },
  }
}
