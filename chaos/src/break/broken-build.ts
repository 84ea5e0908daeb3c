import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '@rollcall/tools'
import { BREAKS, type Break } from './breaks.ts'
import { mutate } from './mutations.ts'

/**
 * A copy of the built apps with one guarantee taken out of the scripts. Nothing in Rollcall knows of it: what is to run in
 * production has no switch for it. Returns where it is.
 */
export function brokenBuild(broken: Break): string {
  const root = join(repositoryRoot, '.cache', `chaos-without-${broken}`)
  rmSync(root, { recursive: true, force: true })
  for (const part of ['apps/api', 'apps/worker', 'packages/runtime']) copyPart(part, root)
  // What is not copied is found where it always is, further up.
  const ours = join(root, 'node_modules/@rollcall')
  mkdirSync(ours, { recursive: true })
  symlinkSync(join(root, 'packages/runtime'), join(ours, 'runtime'))
  writeScripts(root, broken)
  return root
}

function copyPart(part: string, root: string): void {
  for (const what of ['dist', 'package.json', 'node_modules']) {
    const from = join(repositoryRoot, part, what)
    if (existsSync(from)) cpSync(from, join(root, part, what), { recursive: true })
  }
}

/** Of the texts, which are ready to be sent: what they share stands in each of them already. */
function writeScripts(root: string, broken: Break): void {
  const lua = join(root, 'packages/runtime/lua')
  mkdirSync(lua, { recursive: true })
  for (const [name, text] of Object.entries(mutate(BREAKS[broken].mutations)))
    writeFileSync(join(lua, `${name}.lua`), text)
  writeFileSync(join(lua, 'settle.lua'), '')
}
