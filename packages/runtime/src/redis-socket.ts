import { type Command, Redis } from 'ioredis'

type Send = Redis['sendCommand']

/**
 * Sends what comes up in one turn of the event loop in a few writes. What auto-pipelining is for, at a fraction of its
 * cost: that makes a pipeline and a second promise for each command.
 */
export class GatheringRedis extends Redis {
  #gathered = 0
  /** So many commands at most: where work is done between them, Redis is to begin with the first ones meanwhile. */
  mostAtOnce = 8

  override sendCommand(command: Command, stream?: Parameters<Send>[1]): unknown {
    const socket = this.stream
    if (!socket?.writable) return super.sendCommand(command, stream)
    if (this.#gathered++ === 0) {
      socket.cork()
      setImmediate(() => this.#send(socket))
    }
    const answer = super.sendCommand(command, stream)
    if (this.#gathered >= this.mostAtOnce) this.#send(socket)
    return answer
  }

  #send(socket: Redis['stream']): void {
    this.#gathered = 0
    socket.uncork()
  }
}

/** Redis has not said anything for too long although it was asked. */
export class RedisSilentError extends Error {
  override readonly name = 'RedisSilentError'
  constructor(silentMs: number) {
    super(`Redis did not answer within ${silentMs} ms`)
  }
}

/** Looks so many times within the time allowed: silence is noticed after a quarter of it more at the latest. */
const LOOKS = 4

/**
 * Breaks a connection, so that it is made anew, when something was asked and nothing has come for `silentMs`: a peer that
 * is gone without a word (a host lost, a NAT that forgot) is noticed by TCP after a quarter of an hour.
 *
 * Not a timer for each command, as ioredis' socketTimeout: timers run before sockets are read, so that one breaks healthy
 * connections whenever this process itself stood still.
 */
export function breakSilence(redis: Redis, silentMs: number): void {
  let heard = -1
  let since = 0
  const look = (): void => {
    const { stream, commandQueue } = redis
    const isSilent = stream !== undefined && commandQueue.length > 0 && stream.bytesRead === heard
    if (!isSilent) {
      heard = stream?.bytesRead ?? -1
      since = performance.now()
    } else if (performance.now() - since >= silentMs) stream.destroy(new RedisSilentError(silentMs))
  }
  // In the phase after sockets are read.
  const timer = setInterval(() => setImmediate(look), silentMs / LOOKS).unref()
  redis.once('end', () => clearInterval(timer))
}

/** Asks now and then: who only listens would never notice that nobody speaks any more. */
export function askNowAndThen(redis: Redis, intervalMs: number): void {
  const timer = setInterval(() => {
    if (redis.status === 'ready') redis.ping().catch(() => {}) // what comes of it is for `breakSilence`
  }, intervalMs).unref()
  redis.once('end', () => clearInterval(timer))
}
