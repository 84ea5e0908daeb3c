import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { repositoryRoot } from '@rollcall/tools'

/** Writes each round down, with the machine it ran on, and says where. */
export async function writeResults(name: string, startedAt: Date, results: object): Promise<string> {
  const seconds = Math.round((Date.now() - startedAt.getTime()) / 1000)
  const machine = {
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
  }
  const directory = join(repositoryRoot, 'bench/results')
  await mkdir(directory, { recursive: true })
  const file = join(directory, `${name}.json`)
  await writeFile(file, `${JSON.stringify({ startedAt, seconds, machine, ...results }, null, 2)}\n`)
  return `${seconds} s on ${machine.cores} × ${machine.cpu}, Node ${machine.node}. Each round: ${file}`
}
