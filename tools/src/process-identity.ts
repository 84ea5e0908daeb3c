import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'

// A pid that was written down may belong to another process by now.

/** One that has ended and that its parent has not looked at yet, a zombie, is not alive. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  return statOf(pid)?.[0] !== 'Z'
}

/** When a process was started, in clock ticks since boot: with its pid it names one process. Known on Linux only. */
export function startTicksOf(pid: number): number | undefined {
  const ticks = Number(statOf(pid)?.[19])
  return Number.isInteger(ticks) ? ticks : undefined
}

// proc(5): from its state on. The name before it, in parentheses, may hold spaces.
function statOf(pid: number): string[] | undefined {
  const stat = orUndefined(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** Known on Linux only. */
export const workingDirectoryOf = (pid: number): string | undefined =>
  orUndefined(() => readlinkSync(`/proc/${pid}/cwd`))

/** Empty when it cannot be told. */
export function commandLineOf(pid: number): string {
  const ask = () => execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] })
  return String(orUndefined(ask) ?? '')
}

function orUndefined<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
