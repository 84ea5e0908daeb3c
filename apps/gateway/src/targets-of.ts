import { type Config, createLog, type Log, type TargetConfig } from '@rollcall/runtime'
import { type ProsodyNodes, prosodyNodes } from './targets/prosody-nodes.ts'

const SILENT = createLog({ level: 'silent', name: 'targets' })

/** The targets that there are now, each node of a Prosody as one of its own: those found by DNS come and go. */
export function targetsOf({ targets }: Pick<Config, 'targets'>, log: Log = SILENT): () => Promise<TargetConfig[]> {
  const nodes = new Map<string, ProsodyNodes>()
  for (const target of targets)
    if (target.type === 'prosody-refresh') nodes.set(target.name, prosodyNodes(target, { log }))
  return async () => {
    const all = await Promise.all(
      targets.map((target): readonly TargetConfig[] | Promise<readonly TargetConfig[]> => {
        return nodes.get(target.name)?.list() ?? [target]
      }),
    )
    return all.flat()
  }
}
