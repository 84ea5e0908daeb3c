import { connect, createServer, type Socket } from 'node:net'
import { listen } from './listen.ts'

/** `silent`: nothing comes through, and nobody is told; `reset`: connections break, and are refused. */
export type Cut = 'silent' | 'reset'

interface Wire {
  readonly from: Socket
  readonly to: Socket
  /** What was under way when the cable was cut arrives. */
  mend(): void
}

export type TcpProxy = Awaited<ReturnType<typeof startTcpProxy>>

/** A cable to a port of 127.0.0.1 that can be cut: the machines at its ends live on and do not see each other. */
export async function startTcpProxy(targetPort: number) {
  const pairs = new Set<readonly [Wire, Wire]>()
  let cut: Cut | 'no' = 'no'
  let lagMs = 0

  const server = createServer((near) => {
    if (cut === 'reset') return void near.resetAndDestroy()
    const far = connect({ port: targetPort, host: '127.0.0.1' })
    const pair = [wire(near, far), wire(far, near)] as const
    pairs.add(pair)
    for (const { from, to } of pair) {
      from.once('close', () => {
        pairs.delete(pair)
        to.destroy()
      })
    }
    if (cut === 'silent') for (const { from } of pair) from.pause()
  })

  /** One direction. What is under way on it arrives in order, and not while the cable is cut. */
  function wire(from: Socket, to: Socket): Wire {
    const underWay: Buffer[] = []
    const arrive = (most: number): void => {
      if (cut === 'silent') return
      for (const data of underWay.splice(0, most)) if (!to.write(data)) from.pause()
    }
    from.setNoDelay(true)
    from.on('data', (data: Buffer) => {
      underWay.push(data)
      if (lagMs > 0) setTimeout(arrive, lagMs, 1)
      else arrive(underWay.length)
    })
    to.on('drain', () => {
      if (cut !== 'silent') from.resume()
    })
    from.on('error', () => {})
    return { from, to, mend: () => arrive(underWay.length) }
  }

  const port = await listen(server)
  return {
    port,
    /** Everything arrives so much later, as when a cable is about to break. */
    lag(ms: number): void {
      lagMs = ms
    },
    cut(how: Cut): void {
      cut = how
      for (const { from } of [...pairs].flat()) {
        if (how === 'silent') from.pause()
        else from.resetAndDestroy()
      }
    },
    /** What was held back arrives now, as TCP has it. */
    mend(): void {
      cut = 'no'
      lagMs = 0
      for (const { from, mend } of [...pairs].flat()) {
        mend()
        from.resume()
      }
    },
    stop(): void {
      server.close()
      for (const { from } of [...pairs].flat()) from.destroy()
    },
  }
}
