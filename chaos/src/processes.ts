import { join } from 'node:path'
import { CONFIG_ENVIRONMENT } from '@rollcall/runtime'
import { type Child, NODE_ARGS_OF, startChild } from '@rollcall/tools'

export interface AppOptions {
  readonly app: 'api' | 'worker'
  readonly name: string
  /** Where the built apps are. */
  readonly root: string
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
  /** It has ended, and nobody had killed it. */
  readonly onEnd: (what: string) => void
}

export type App = Awaited<ReturnType<typeof startApp>>

const READY = { api: /"msg":"Listening on/, worker: /"msg":"Taking jobs"/ } as const
const READY_MS = 30_000

/** An api or a worker that can be killed, stopped and started again, as a supervisor would. */
export async function startApp({ app, name, root, directory, env, onEnd }: AppOptions) {
  let child: Child
  let ending = false

  async function start(more: Readonly<Record<string, string>> = {}): Promise<void> {
    ending = false
    const started = await startChild({
      name,
      command: process.execPath,
      args: [...NODE_ARGS_OF[app], join(root, `apps/${app}/dist/main.js`)],
      cwd: directory,
      env: { ...NOTHING_SET, ...env, ...more },
      ownGroup: true, // Ctrl-C is for us to see
    })
    child = started
    void started.exited.then(({ code, signal }) => {
      if (!ending) onEnd([`${name} ended (${signal ?? code})`, ...started.lastLines().slice(-3)].join('\n    '))
    })
    await started.waitForLine(READY[app], READY_MS)
  }

  await start()
  return {
    name,
    start,
    pid: () => child.pid,
    lastLines: () => child.lastLines(),
    signal: (signal: 'SIGSTOP' | 'SIGCONT') => child.kill(signal),
    async kill(): Promise<void> {
      ending = true
      child.kill('SIGKILL')
      await child.exited
    },
    async stop(): Promise<void> {
      ending = true
      child.kill('SIGCONT')
      await child.stop()
    },
  }
}

/** No variable of whoever runs the campaign reaches what it looks at. */
const NOTHING_SET = Object.fromEntries(
  [...CONFIG_ENVIRONMENT, 'NODE_OPTIONS', 'NODE_ENV', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'].map(
    (name) => [name, undefined],
  ),
)
