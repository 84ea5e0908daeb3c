import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'

/** CPU time in µs. */
export interface Cpu {
  readonly api: number
  readonly worker: number
  readonly redis: number
}

export const totalOf = ({ api, worker, redis }: Cpu): number => api + worker + redis

export const canMeasureCpu = (): boolean => existsSync('/proc/self/schedstat')

/**
 * CPU time of a process since its start, in µs: the sum of its threads, which the kernel counts in nanoseconds.
 * (/proc/<pid>/stat counts in steps of 10 ms, as much as a refresh of 30 users takes.)
 */
export function cpuOfProcess(pid: number): number {
  const tasks = `/proc/${pid}/task`
  let nanoseconds = 0
  for (const thread of readdirSync(tasks)) {
    nanoseconds += Number(readFileSync(`${tasks}/${thread}/schedstat`, 'utf8').split(' ')[0])
  }
  return nanoseconds / 1000
}

/** CPU time of a Redis server since its start, in µs, all its threads. */
export async function cpuOfRedis(redis: Redis): Promise<number> {
  const info = await redis.info('cpu')
  const seconds = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1])
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6
}
