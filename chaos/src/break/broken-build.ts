import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ScriptName, Scripts } from '@rollcall/runtime'
import { repositoryRoot } from '@rollcall/tools'
import { BREAKS, type Break } from './breaks.ts'
import { mutate } from './mutations.ts'

/**
 * A copy of the built apps with one guarantee taken out of the scripts. Nothing in Rollcall knows of it: what is to run in
 * production has no switch for it. Returns where it is.
 */
export async function brokenBuild(broken: Break): Promise<string> {
  const root = join(repositoryRoot, '.cache', `chaos-without-${broken}`)
  rmSync(root, { recursive: true, force: true })
  for (const part of ['apps/api', 'apps/worker', 'packages/runtime']) copyPart(part, root)
  // What is not copied is found where it always is, further up.
  const ours = join(root, 'node_modules/@rollcall')
  mkdirSync(ours, { recursive: true })
  symlinkSync(join(root, 'packages/runtime'), join(ours, 'runtime'))
  await writeScripts(root, broken)
  return root
}

function copyPart(part: string, root: string): void {
  for (const what of ['dist', 'package.json', 'node_modules']) {
    const from = join(repositoryRoot, part, what)
    if (existsSync(from)) cpSync(from, join(root, part, what), { recursive: true })
  }
}

/** The texts are whole: what several of them share stands in each, and need not be put in front of it again. */
async function writeScripts(root: string, broken: Break): Promise<void> {
  const runtime = join(root, 'packages/runtime')
  const mutated = mutate(BREAKS[broken].mutations)
  // One file is the end of both; the one that guards does as the other when it is not told of what.
  const wanted: Scripts = { ...mutated, commit: mutated['guarded-commit'] }
  mkdirSync(join(runtime, 'lua'), { recursive: true })
  for (const file of readdirSync(join(repositoryRoot, 'packages/runtime/lua')))
    writeFileSync(join(runtime, 'lua', file), wanted[basename(file, '.lua') as ScriptName] ?? '')

  const { loadScripts } = (await import(join(runtime, 'dist/store/scripts.js'))) as { loadScripts: () => Scripts }
  const found = Object.entries(loadScripts()) as [ScriptName, string][]
  for (const [name, text] of found)
    if (!text.endsWith(wanted[name]))
      throw new Error(`Of the build without its ${broken}, ${name}.lua is not what it should be`)
}
