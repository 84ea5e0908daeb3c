import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
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

/** The texts are whole: what several of them share stands in each, and need not be put in front of it again. */
function writeScripts(root: string, broken: Break): void {
  const lua = 'packages/runtime/lua'
  const texts = new Map(Object.entries(mutate(BREAKS[broken].mutations)))
  mkdirSync(join(root, lua), { recursive: true })
  for (const file of readdirSync(join(repositoryRoot, lua)))
    writeFileSync(join(root, lua, file), texts.get(basename(file, '.lua')) ?? '')
}
