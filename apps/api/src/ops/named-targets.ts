import type { ProcessReport, TargetConfig } from '@rollcall/runtime'

export type NamedTarget = Pick<TargetConfig, 'name' | 'type' | 'domain'>

/** A Prosody of several nodes is a target for each; which there are, found by DNS say, is told by the gateways that serve them. */
export function namedTargets(
  targets: readonly TargetConfig[],
  gateways: readonly Pick<ProcessReport, 'targets'>[],
): NamedTarget[] {
  const served = new Set(gateways.flatMap((gateway) => gateway.targets ?? []))
  return targets.flatMap(({ name, type, domain }): NamedTarget[] => {
    if (type !== 'prosody-refresh') return [{ name, type, domain }]
    const nodes = [...served].filter((one) => one.startsWith(`${name}@`)).toSorted()
    return nodes.length > 0 ? nodes.map((node) => ({ name: node, type, domain })) : [{ name, type, domain }]
  })
}
