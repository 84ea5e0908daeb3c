import { setTimeout as pause } from 'node:timers/promises'
import { cpuOfRedis } from './cpu.ts'
import { expectEqual } from './expect-equal.ts'
import type { Load, LoadResult } from './load.ts'
import type { Progress } from './progress.ts'
import { usernameAt } from './rosters.ts'
import { json, type Stack } from './stack.ts'

export interface ReadOptions {
  readonly rounds: number
  /** In each round, of each reader. */
  readonly requests: number
}

export interface ReadSample {
  readonly requestsPerSecond: number
  /** µs per request. */
  readonly cpu: { readonly reader: number; readonly redis: number }
}

export const READERS = ['bare', 'bare, auto-pipelining', 'rollcall'] as const
export type ReaderName = (typeof READERS)[number]
/** One sample of each, one right after the other. */
export type ReadRound = Readonly<Record<ReaderName, ReadSample>>

export const CONNECTIONS = 50
const USERS = 1_000
const WARM_UP = 5_000

interface Reader {
  readonly name: ReaderName
  readonly url: string
  cpu(): Promise<number>
}

/** Reads of stored rosters, from Rollcall and from bare handlers that hold the same bodies. */
export async function measureReads(
  { rounds, requests }: ReadOptions,
  stack: Stack,
  progress: Progress,
): Promise<{ rounds: ReadRound[]; bodyBytes: number }> {
  const bytes = await copyBodies(stack)
  const load = await stack.process('load', 'load')
  const bare = async (name: ReaderName, autoPipelining: 'yes' | 'no'): Promise<Reader> => {
    const { url, cpu } = await stack.process(name, 'bare-read', { BARE_AUTO_PIPELINING: autoPipelining })
    return { name, url, cpu: async () => cpu() }
  }
  const readers: Reader[] = [
    await bare('bare', 'no'),
    await bare('bare, auto-pipelining', 'yes'),
    { name: 'rollcall', url: stack.rollcall.url, cpu: async () => (await stack.rollcall.cpu()).api },
  ]

  const sample = async (reader: Reader, count: number): Promise<ReadSample> => {
    const wanted: Load = {
      port: Number(new URL(reader.url).port),
      connections: CONNECTIONS,
      requests: count,
      users: USERS,
    }
    const before = { reader: await reader.cpu(), redis: await cpuOfRedis(stack.redis) }
    const result = await json<LoadResult>(load.url, { method: 'POST', body: JSON.stringify(wanted) })
    const after = { reader: await reader.cpu(), redis: await cpuOfRedis(stack.redis) }
    const { responses, seconds } = result
    expectEqual(reader.name, { responses, bytes: result.bytes }, { responses: count, bytes: bytesOf(count, bytes) })
    return {
      requestsPerSecond: responses / seconds,
      cpu: { reader: (after.reader - before.reader) / count, redis: (after.redis - before.redis) / count },
    }
  }
  const round = async (count: number): Promise<ReadRound> => {
    const samples: Partial<Record<ReaderName, ReadSample>> = {}
    for (const reader of readers) {
      await pause(20)
      samples[reader.name] = await sample(reader, count)
    }
    return samples as ReadRound
  }

  progress('reads, warming up', 1, 1)
  await round(WARM_UP)
  const measured: ReadRound[] = []
  for (let i = 1; i <= rounds; i++) {
    progress(`reads of /contacts, ${CONNECTIONS} connections`, i, rounds)
    measured.push(await round(requests))
  }
  return { rounds: measured, bodyBytes: Math.round(bytes.reduce((sum, one) => sum + one, 0) / bytes.length) }
}

/** Puts what Rollcall answers where the bare handlers read; gives the length of each body. */
async function copyBodies({ rollcall, bareRedis }: Stack): Promise<number[]> {
  const lengths: number[] = []
  for (let i = 0; i < USERS; i++) {
    const response = await fetch(`${rollcall.url}/contacts/${usernameAt(i)}`)
    const body = await response.text()
    expectEqual('rollcall', { status: response.status }, { status: 200 })
    lengths.push(Buffer.byteLength(body))
    await bareRedis.hset(`bare:${usernameAt(i)}`, { body, etag: response.headers.get('etag') ?? '' })
  }
  return lengths
}

const bytesOf = (requests: number, lengths: readonly number[]): number => {
  const each = lengths.reduce((sum, one) => sum + one, 0)
  const rest = lengths.slice(0, requests % lengths.length).reduce((sum, one) => sum + one, 0)
  return Math.floor(requests / lengths.length) * each + rest
}
