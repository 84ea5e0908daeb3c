import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Child, type ChildOptions, findOnPath, startChild } from './child.ts'
import { bringDebianPackages, hasDebianPackages } from './debian-packages.ts'
import { freePort } from './free-port.ts'

export interface PrometheusPrograms {
  readonly prometheus: string
  readonly promtool: string
}

export interface PrometheusServerOptions {
  /** Of its own: configuration, data. Made when it is not there. */
  readonly directory: string
  /** prometheus.yml. */
  readonly config: string
  readonly onLine?: ChildOptions['onLine']
  /** Told when it has to be brought first, which takes some seconds and the network. */
  readonly onBringing?: () => void
}

export interface PrometheusServer {
  readonly url: string
  readonly child: Child
  /** SIGTERM, SIGKILL after 5 s. */
  stop(): Promise<void>
}

export class NoPrometheusError extends Error {
  override readonly name = 'NoPrometheusError'
  constructor(cause?: unknown) {
    const why = cause instanceof Error ? `\nBringing it without root failed: ${cause.message.trim()}` : ''
    super(`No Prometheus here: prometheus and promtool are not on PATH.${why}\nInstall it: ${INSTALL}`, { cause })
  }
}

const INSTALL = findOnPath('apt-get') ? 'sudo apt-get install prometheus' : 'https://prometheus.io/download/'
const READY_MS = 30_000

/** prometheus and promtool of PATH; else Debian's, unpacked without root into `.cache/prometheus`. Throws NoPrometheusError. */
export async function findPrometheus({
  onBringing,
}: Pick<PrometheusServerOptions, 'onBringing'> = {}): Promise<PrometheusPrograms> {
  const prometheus = findOnPath('prometheus')
  const promtool = findOnPath('promtool')
  if (prometheus && promtool) return { prometheus, promtool }
  if (!hasDebianPackages()) throw new NoPrometheusError()
  try {
    // Go programs: what the package depends on are the parts of its web pages.
    const { root } = await bringDebianPackages('prometheus', ['prometheus'], onBringing)
    return { prometheus: join(root, 'usr/bin/prometheus'), promtool: join(root, 'usr/bin/promtool') }
  } catch (cause) {
    throw new NoPrometheusError(cause)
  }
}

/** A Prometheus on a free port of 127.0.0.1, ready for queries when the promise settles. */
export async function startPrometheusServer(options: PrometheusServerOptions): Promise<PrometheusServer> {
  const { directory, config, onLine } = options
  const { prometheus } = await findPrometheus(options)
  await mkdir(directory, { recursive: true })
  const file = join(directory, 'prometheus.yml')
  await writeFile(file, config)
  const url = `http://127.0.0.1:${await freePort()}`
  const child = await startChild({
    name: 'Prometheus',
    command: prometheus,
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
    ],
    cwd: directory,
    ...(onLine ? { onLine } : {}),
  })
  const stop = async () => void (await child.stop())
  try {
    await child.waitForUrl(`${url}/-/ready`, { timeoutMs: READY_MS })
  } catch (error) {
    await stop()
    throw error
  }
  return { url, child, stop }
}
