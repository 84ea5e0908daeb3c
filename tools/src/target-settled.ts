import { setTimeout as delay } from 'node:timers/promises'

const SETTLED_MS = 20_000
/** Longer than a gateway takes to look for new changes (CHANGES_POLL_MS). */
const LOOK_EVERY_MS = 250

interface GatewayHealth {
  readonly targets?: readonly {
    readonly state: string
    readonly waiting: number
    readonly delivered: number
    readonly writes: number
  }[]
}

/**
 * Until the targets of a gateway have what has changed so far: nothing waits, and nothing was written between two looks. At
 * most 20 s, since one that cannot be told would be waited for without end.
 */
export async function untilTargetsSettle(gatewayUrl: string): Promise<void> {
  const deadline = Date.now() + SETTLED_MS
  let before: string | undefined
  while (Date.now() < deadline) {
    const { targets = [] } = await look(gatewayUrl)
    const isIdle = targets.length > 0 && targets.every(({ state, waiting }) => state === 'following' && waiting === 0)
    const now = JSON.stringify(targets.map(({ delivered, writes }) => [delivered, writes]))
    if (isIdle && now === before) return
    before = isIdle ? now : undefined
    await delay(LOOK_EVERY_MS)
  }
}

// One that has ended meanwhile is told of elsewhere.
async function look(gatewayUrl: string): Promise<GatewayHealth> {
  try {
    const response = await fetch(`${gatewayUrl}/health/ready`, { signal: AbortSignal.timeout(2_000) })
    return (await response.json()) as GatewayHealth
  } catch {
    return {}
  }
}
