import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
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
    /** Whether a name is on its disk: Erlang's disk_log keeps what was acknowledged in memory for up to two seconds. */
    async hasWritten(name: string): Promise<boolean> {
      const tables = join(directory, 'mnesia')
      const entries = await readdir(tables, { withFileTypes: true })
      const names = entries.filter((entry) => entry.isFile()).map((file) => file.name)
      const files = await Promise.all(names.map((file) => readFile(join(tables, file))))
      return files.some((file) => file.includes(asBinary(name)))
    },
    async stop(): Promise<void> {
      await ejabberd.kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** BINARY_EXT of Erlang's external term format. */
function asBinary(text: string): Buffer {
  const head = Buffer.from('m....')
  head.writeUInt32BE(Buffer.byteLength(text), 1)
  return Buffer.concat([head, Buffer.from(text)])
}
