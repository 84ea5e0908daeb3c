import { loadConfig, type TargetConfig } from '@rollcall/runtime'
import { expect } from 'vitest'
import type { Notification, Target, TargetError } from '../../apps/gateway/src/targets/target.ts'
import type { GatewayWorld, memoryServer } from './gateway.ts'

const OFTEN = { timeoutMs: 300, backoffMs: 50, maxBackoffMs: 200 }

/** Settings of a target that holds rosters; what it is told is up to the test. */
export const EJABBERD = { type: 'ejabberd-http', url: 'http://127.0.0.1:1/api', maxPerSecond: 100_000, ...OFTEN }

/** Settings of one that is notified. */
export const WEBHOOK = {
  type: 'webhook',
  url: 'http://127.0.0.1:1/',
  secret: `whsec_${Buffer.alloc(32).toString('base64')}`,
  ...OFTEN,
}

/** Targets as the configuration has them: with all defaults. */
export function configured(targets: Record<string, object>): readonly TargetConfig[] {
  const env = { HTTP_ROSTER_URL: 'http://127.0.0.1/%s', XMPP_DOMAIN: 'example.org', TARGETS: JSON.stringify(targets) }
  return loadConfig({ cwd: '/nonexistent', env }).targets
}

const items = (roster: ReadonlyMap<string, object> | undefined) => [...(roster?.values() ?? [])]

/** Waits until every stored roster is on the server as it is stored. */
export async function expectAllOn(
  { rosters }: Pick<GatewayWorld, 'rosters'>,
  server: Pick<ReturnType<typeof memoryServer>, 'rosters'>,
): Promise<void> {
  await expect
    .poll(() => [...rosters.keys()].map((jid) => [jid, items(server.rosters.get(jid))]))
    .toEqual([...rosters].map(([jid, roster]) => [jid, items(roster)]))
}

/** Takes notifications, of which it keeps all. */
export function receiver(
  batchSize: number,
  answer: (told: readonly Notification[]) => (TargetError | null)[],
): { told: Notification[]; target: Target } {
  const told: Notification[] = []
  return {
    told,
    target: {
      kind: 'notify',
      batchSize,
      async notify(changes) {
        const answers = answer(changes)
        changes.forEach((change, i) => void (answers[i] === null && told.push(change)))
        return answers
      },
      close: async () => {},
    },
  }
}
