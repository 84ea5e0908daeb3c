import { connect, createServer, type Socket } from 'node:net'
import { listen } from './listen.ts'

export type TcpProxy = Awaited<ReturnType<typeof startTcpProxy>>

/** A cable to a port of 127.0.0.1 that can be cut: the machines at its ends live on and do not see each other. */
export async function startTcpProxy(targetPort: number) {
  const pairs = new Set<readonly [Socket, Socket]>()
  let cut: 'no' | 'silent' | 'reset' = 'no'
  let lagMs = 0

  const server = createServer((near) => {
    if (cut === 'reset') return void near.resetAndDestroy()
    const far = connect({ port: targetPort, host: '127.0.0.1' })
    const pair = [near, far] as const
    pairs.add(pair)
    for (const [one, other] of [pair, [far, near] as const]) {
      one.setNoDelay(true)
      const pass = (data: Buffer): void => {
        if (!other.write(data)) one.pause()
      }
      one.on('data', (data: Buffer) => {
        if (lagMs === 0) pass(data)
        else setTimeout(pass, lagMs, data)
      })
      other.on('drain', () => {
        if (cut !== 'silent') one.resume()
      })
      one.on('error', () => {})
      one.on('close', () => {
        pairs.delete(pair)
        other.destroy()
      })
    }
    if (cut === 'silent') pause(pair)
  })
  const pause = (pair: readonly [Socket, Socket]): void => {
    for (const socket of pair) socket.pause()
  }

  const port = await listen(server)
  return {
    port,
    /** Everything arrives so much later, as when a cable is about to break. */
    lag(ms: number): void {
      lagMs = ms
    },
    /** `silent`: nothing comes through, and nobody is told; `reset`: connections break, and are refused. */
    cut(how: 'silent' | 'reset'): void {
      cut = how
      for (const pair of pairs) {
        if (how === 'silent') pause(pair)
        else for (const socket of pair) socket.resetAndDestroy()
      }
    },
    /** What was held back arrives now, as TCP has it. */
    mend(): void {
      cut = 'no'
      lagMs = 0
      for (const pair of pairs) for (const socket of pair) socket.resume()
    },
    stop(): void {
      server.close()
      for (const pair of pairs) for (const socket of pair) socket.destroy()
    },
  }
}
