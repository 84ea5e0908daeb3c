import type { HeardProcess, ProcessReport } from './processes.ts'

/** Ids of those of the same role on the same host that run as this process starts: it has come beside them, in nobody's place. */
export function runningBeside(
  { role, host, pid }: Pick<ProcessReport, 'role' | 'host' | 'pid'>,
  heard: readonly HeardProcess[],
): string[] {
  return heard
    .filter((one) => one.role === role && one.host === host && one.pid !== pid && isRunning(one.pid))
    .map(({ id }) => id)
}

/** Signal 0 does nothing but find out (kill(2)); one of somebody else may not be signalled, and runs. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
