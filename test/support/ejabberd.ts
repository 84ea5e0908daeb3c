import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDeployedEjabberd } from '../../tools/src/index.ts'

export { basic } from '../../tools/src/deployed-ejabberd.ts'

export type TestEjabberd = Awaited<ReturnType<typeof startEjabberd>>

/** The domains it serves: one for Rollcall, and another one. */
export const EJABBERD_DOMAINS = ['localhost', 'elsewhere.test'] as const

/** ejabberd on free ports, configured as deploy/ejabberd says. Who starts it stops it: `afterAll(() => ejabberd.stop())`. */
export async function startEjabberd() {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-ejabberd-'))
  const ejabberd = await startDeployedEjabberd({ directory, domains: EJABBERD_DOMAINS })
  return {
    ...ejabberd,
    async stop(): Promise<void> {
      await ejabberd.kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
