import type { Domain, Ownership } from '@rollcall/roster'
import type { CheckedSettings } from './check-settings.ts'
import type { Problem } from './config-error.ts'
import type { Given } from './sources.ts'
import type { TargetSettingsOf, TargetType } from './target-settings.ts'

/** Somebody who is told of the changes of one domain. */
export type TargetConfig<T extends TargetType = TargetType> = TargetSettingsOf<T> & {
  readonly name: string
  readonly domain: Domain
}

/** The contacts that a target which holds rosters leaves to Rollcall. */
export const ownershipOf = ({ owns }: TargetConfig<'xep-0356' | 'ejabberd-http'>): Ownership =>
  owns === 'all' ? { kind: 'all' } : { kind: 'marked', groups: new Set(owns.groups) }

/** The targets, each with its domain: one that is configured. */
export function targetConfigs(
  { settings, isBroken }: CheckedSettings,
  named: ReadonlySet<Domain>,
  defaultDomain: Domain,
  given: Given,
): { readonly targets: readonly TargetConfig[]; readonly problems: readonly Problem[] } {
  if (isBroken('targets')) return { targets: [], problems: [] }
  const targets: TargetConfig[] = []
  const problems: Problem[] = []
  for (const [name, target] of Object.entries(settings.targets)) {
    const domain = target.domain ?? defaultDomain
    targets.push({ ...target, name, domain })
    if (!named.has(domain)) {
      problems.push({
        where: given.nameOf('targets').replace(/^\S+/, `$&.${name}.domain`),
        found: `"${domain}", which is not configured`,
        advice: `Write one of ${[...named].join(', ')}.`,
      })
    }
  }
  return { targets, problems: [...problems, ...sharedComponents(targets, given)] }
}

/** A server takes one connection of each component. */
function sharedComponents(targets: readonly TargetConfig[], given: Given): Problem[] {
  const taken = new Map<string, string>()
  return targets.flatMap((target): Problem[] => {
    if (target.type !== 'xep-0356') return []
    const place = `${target.component} at ${target.service}`
    const first = taken.get(place)
    taken.set(place, target.name)
    if (first === undefined) return []
    return [
      {
        where: given.nameOf('targets').replace(/^\S+/, `$&.${target.name}.component`),
        found: `"${target.component}", the component of ${first} already`,
        advice: 'Give each target of a server a component of its own.',
      },
    ]
  })
}
