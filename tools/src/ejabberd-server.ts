import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Child, type ChildOptions, startChild } from './child.ts'
import { bringDebianPackages, type DebianPackages, hasDebianPackages } from './debian-packages.ts'

export interface EjabberdOptions {
  /** Of its own: configuration, data, log. Made when it is not there; with that of before it has its data again. */
  readonly directory: string
  /** ejabberd.yml. */
  readonly config: string
  readonly ownGroup?: boolean
  readonly onLine?: ChildOptions['onLine']
  /** Told when ejabberd has to be brought first, which takes some seconds and the network. */
  readonly onBringing?: () => void
}

// ejabberd, Erlang as far as it is needed, and what a minimal Debian or Ubuntu lacks.
const EJABBERD_PACKAGES = [
  'ejabberd',
  'erlang-asn1',
  'erlang-base',
  'erlang-base64url',
  'erlang-crypto',
  'erlang-goldrush',
  'erlang-idna',
  'erlang-inets',
  'erlang-jiffy',
  'erlang-jose',
  'erlang-lager',
  'erlang-mnesia',
  'erlang-odbc',
  'erlang-os-mon',
  'erlang-p1-acme',
  'erlang-p1-cache-tab',
  'erlang-p1-eimp',
  'erlang-p1-mqtree',
  'erlang-p1-pkix',
  'erlang-p1-stringprep',
  'erlang-p1-stun',
  'erlang-p1-tls',
  'erlang-p1-utils',
  'erlang-p1-xml',
  'erlang-p1-xmpp',
  'erlang-p1-yaml',
  'erlang-p1-yconf',
  'erlang-p1-zlib',
  'erlang-public-key',
  'erlang-runtime-tools',
  'erlang-snmp',
  'erlang-ssl',
  'erlang-syntax-tools',
  'erlang-unicode-util-compat',
  'erlang-xmerl',
  'libyaml-0-2',
  'libexpat1',
  'libssl3',
]

/**
 * One scheduler, and no busy waiting: that calls sched_yield, for which a busy Linux puts it behind all others. With
 * Erlang's defaults it then did not get up within a minute.
 */
const CALM = ['+S', '1:1', '+sbwt', 'none', '+sbwtdcpu', 'none', '+sbwtdio', 'none']

/**
 * Debian's ejabberd, unpacked without root into `.cache/ejabberd`, as a child process: Erlang is started as ejabberdctl
 * starts it, but by nobody in particular and without distribution, so that it has no node name, no cookie and no epmd.
 * Whether it is ready is for the caller to ask: only he knows where it listens.
 */
export async function startEjabberdServer(options: EjabberdOptions): Promise<Child> {
  const { directory, ownGroup = false, onLine } = options
  if (!hasDebianPackages())
    throw new Error('ejabberd is brought from packages of Debian or Ubuntu: there is no apt-get here')
  const packages = await bringDebianPackages('ejabberd', EJABBERD_PACKAGES, options.onBringing)
  await mkdir(directory, { recursive: true })
  const configFile = join(directory, 'ejabberd.yml')
  await writeFile(configFile, options.config)
  const { command, env } = await erlangIn(packages)
  return startChild({
    name: 'ejabberd',
    command,
    args: [...CALM, '-noinput', '-mnesia', 'dir', `"${join(directory, 'mnesia')}"`, '-s', 'ejabberd'],
    cwd: directory,
    env: {
      ...env,
      HOME: directory,
      EJABBERD_CONFIG_PATH: configFile,
      EJABBERD_LOG_PATH: join(directory, 'ejabberd.log'),
      ERL_CRASH_DUMP: join(directory, 'erl_crash.dump'),
    },
    ownGroup,
    ...(onLine ? { onLine } : {}),
  })
}

/** What the script /usr/bin/erl does, which knows only the place where it was installed. */
async function erlangIn({ root, libraryPath }: DebianPackages) {
  const erlang = join(root, 'usr/lib/erlang')
  const runtime = (await readdir(erlang)).find((entry) => entry.startsWith('erts-'))
  if (runtime === undefined) throw new Error(`There is no Erlang in ${root}`)
  const bin = join(erlang, runtime, 'bin')
  return {
    command: join(bin, 'erlexec'),
    env: {
      ROOTDIR: erlang,
      BINDIR: bin,
      EMU: 'beam',
      PROGNAME: 'erl',
      LD_LIBRARY_PATH: libraryPath,
      // ejabberd itself stands among the libraries of the system.
      ERL_LIBS: libraryPath,
    },
  }
}
