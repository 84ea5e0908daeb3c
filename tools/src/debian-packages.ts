import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findOnPath } from './child.ts'
import { repositoryRoot } from './repository.ts'

const run = promisify(execFile)

export interface DebianPackages {
  /** Where they are unpacked: what a package installs as `/usr/bin/x` stands at `<root>/usr/bin/x`. */
  readonly root: string
  /** LD_LIBRARY_PATH for programs of these packages. */
  readonly libraryPath: string
}

export interface DebianDependencies {
  /** These are not brought, nor is what only they need: they are on every machine, or what needs them runs without. */
  readonly without: readonly string[]
}

/** Debian, Ubuntu and their kin have both. */
export const hasDebianPackages = (): boolean =>
  findOnPath('apt-get') !== undefined && findOnPath('dpkg-deb') !== undefined

/**
 * Downloads packages of this machine's Debian or Ubuntu release and unpacks them into `.cache/<name>`: no root, nothing
 * of the system is changed, no maintainer script runs. Dependencies must be named, unless `dependencies` is given: then
 * apt finds them, as for a machine that has none of them. Once unpacked, no network is needed; before, `onBringing` is
 * called.
 */
export async function bringDebianPackages(
  name: string,
  packages: readonly string[],
  onBringing?: () => void,
  dependencies?: DebianDependencies,
): Promise<DebianPackages> {
  const root = join(repositoryRoot, '.cache', name)
  if (!(await isUnpacked(root, packages))) {
    onBringing?.()
    await unpack(root, packages, dependencies)
  }
  return { root, libraryPath: (await libraryDirectories(root)).join(':') }
}

// Written last, so that a directory without it is unfinished.
const stamp = (root: string) => join(root, '.packages')
const stampText = (packages: readonly string[]) => `${packages.join('\n')}\n`

async function isUnpacked(root: string, packages: readonly string[]): Promise<boolean> {
  return existsSync(stamp(root)) && (await readFile(stamp(root), 'utf8')) === stampText(packages)
}

async function unpack(root: string, packages: readonly string[], dependencies?: DebianDependencies): Promise<void> {
  const partial = `${root}.partial-${process.pid}`
  const unpacked = join(partial, 'root')
  try {
    await mkdir(unpacked, { recursive: true })
    for (const archive of await download(join(partial, 'apt'), packages, dependencies))
      await run('dpkg-deb', ['-x', archive, unpacked])
    await writeFile(stamp(unpacked), stampText(packages))
    await moveIntoPlace(unpacked, root, packages)
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}

async function download(
  apt: string,
  packages: readonly string[],
  dependencies: DebianDependencies | undefined,
): Promise<string[]> {
  const archives = join(apt, 'cache/archives')
  const status = join(apt, 'status')
  await mkdir(join(apt, 'state/lists/partial'), { recursive: true })
  await mkdir(join(archives, 'partial'), { recursive: true })
  await writeFile(status, (dependencies?.without ?? []).map(installed).join('\n'))
  const options = [
    ['Dir::State', join(apt, 'state')],
    ['Dir::State::status', dependencies ? status : '/var/lib/dpkg/status'],
    ['Dir::Cache', join(apt, 'cache')],
    // The lock of dpkg is root's, and nothing of dpkg is touched.
    ['Debug::NoLocking', 'true'],
    // Else no network is only a warning of an update.
    ['APT::Update::Error-Mode', 'any'],
    // As root apt would download as user _apt, who may not enter this directory.
    ...(process.getuid?.() === 0 ? [['APT::Sandbox::User', 'root']] : []),
  ].flatMap(([key, value]) => ['-o', `${key}=${value}`])
  const aptGet = (...args: string[]) =>
    run('apt-get', [...options, ...args], { cwd: archives, maxBuffer: 64 * 1024 * 1024 })

  // An update can fail in part (a source we do not need, a hook that wants root): the download says whether it matters.
  const updateFailed = await aptGet('-qq', 'update').then(
    () => undefined,
    (error: unknown) => error,
  )
  const command = dependencies ? ['install', '--yes', '--no-install-recommends', '--download-only'] : ['download']
  await aptGet('-qq', ...command, ...packages).catch((error: unknown) => {
    throw new Error(`apt-get could not download ${packages[0]}: ${aptComplaint(updateFailed ?? error)}`, {
      cause: error,
    })
  })
  return (await readdir(archives)).filter((file) => file.endsWith('.deb')).map((file) => join(archives, file))
}

/** What dpkg would know of a package that is there, in any version that is asked for. */
const installed = (name: string): string =>
  [
    `Package: ${name}`,
    'Status: install ok installed',
    `Architecture: ${DEBIAN_ARCHITECTURES[process.arch] ?? process.arch}`,
    'Multi-Arch: same',
    'Version: 9999',
    'Maintainer: none',
    'Description: none',
    '',
  ].join('\n')

/** Where Node and Debian have other names. */
const DEBIAN_ARCHITECTURES: Readonly<Partial<Record<NodeJS.Architecture, string>>> = { x64: 'amd64', arm: 'armhf' }

/** The first of the errors that apt-get wrote: without network there is one for each source and package. */
function aptComplaint(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return /^E: .*$/m.exec(text)?.[0].slice('E: '.length) ?? text
}

// Several processes may bring the same packages at once: the first one wins, the others use its result.
async function moveIntoPlace(unpacked: string, root: string, packages: readonly string[]): Promise<void> {
  if (await isUnpacked(root, packages)) return
  await rm(root, { recursive: true, force: true })
  try {
    await rename(unpacked, root)
  } catch (error) {
    if (!(await isUnpacked(root, packages))) throw error
  }
}

async function libraryDirectories(root: string): Promise<string[]> {
  const directories: string[] = []
  for (const base of [join(root, 'usr/lib'), join(root, 'lib')]) {
    if (!existsSync(base)) continue
    const multiarch = (await readdir(base)).filter((entry) => entry.includes('-linux-gnu'))
    directories.push(...multiarch.map((entry) => join(base, entry)), base)
  }
  return directories
}
