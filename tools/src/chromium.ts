import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findOnPath } from './child.ts'
import { bringDebianPackages, hasDebianPackages } from './debian-packages.ts'

export interface Chromium {
  readonly command: string
  readonly env: Readonly<Record<string, string>>
}

export interface ChromiumOptions {
  /** Told when it has to be brought first, which takes some seconds and the network. */
  readonly onBringing?: () => void
}

/** The shell has no window and needs a third of the packages that the whole browser needs. */
const CHROMIUM_PACKAGES = ['chromium-headless-shell', 'fonts-inter', 'fonts-jetbrains-mono']

/** The C library is the machine's, as is the loader that fits to it; the others are for windows and for dpkg. */
const NOT_NEEDED = ['libc6', 'debconf', 'x11-utils', 'xdg-utils']

export class NoChromiumError extends Error {
  override readonly name = 'NoChromiumError'
  constructor(cause?: unknown) {
    const why = cause instanceof Error ? `\nBringing it without root failed: ${cause.message.trim()}` : ''
    super(
      `No Chromium here: ${ON_PATH.join(', ')} are not on PATH.${why}\nInstall it with:  sudo apt-get install chromium`,
      { cause },
    )
  }
}

const ON_PATH = ['chromium-headless-shell', 'chromium', 'google-chrome']

/** A Chromium of PATH; else `bringChromium`. Throws NoChromiumError. */
export async function findChromium(options: ChromiumOptions = {}): Promise<Chromium> {
  const command = ON_PATH.map(findOnPath).find((found) => found !== undefined)
  return command ? { command, env: {} } : await bringChromium(options)
}

/**
 * Debian's, without a window, unpacked without root into `.cache/chromium`, with fonts of its own: pages look the same
 * whatever is installed here. Throws NoChromiumError.
 */
export async function bringChromium({ onBringing }: ChromiumOptions = {}): Promise<Chromium> {
  if (!hasDebianPackages()) throw new NoChromiumError()
  try {
    const { root, libraryPath } = await bringDebianPackages('chromium', CHROMIUM_PACKAGES, onBringing, {
      without: NOT_NEEDED,
    })
    const fonts = join(root, 'fonts.conf')
    await writeFile(fonts, fontsIn(root))
    return {
      command: join(root, 'usr/lib/chromium/chromium-headless-shell'),
      env: { LD_LIBRARY_PATH: withPulseAudio(libraryPath), FONTCONFIG_FILE: fonts },
    }
  } catch (cause) {
    throw new NoChromiumError(cause)
  }
}

/** Its library has a part in a directory that it knows only as the place where it was installed. */
const withPulseAudio = (libraryPath: string): string =>
  libraryPath
    .split(':')
    .flatMap((directory) => [directory, join(directory, 'pulseaudio')])
    .join(':')

/** Text of a fonts.conf of fontconfig. */
const fontsIn = (root: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>${root}/usr/share/fonts</dir>
  <cachedir>${root}/font-cache</cachedir>
  ${['sans-serif', 'system-ui'].map((family) => alias(family, 'Inter')).join('\n  ')}
  ${['monospace', 'ui-monospace'].map((family) => alias(family, 'JetBrains Mono')).join('\n  ')}
</fontconfig>
`

const alias = (family: string, font: string): string =>
  `<alias binding="same"><family>${family}</family><prefer><family>${font}</family></prefer></alias>`
