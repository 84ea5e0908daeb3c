import type { Command, Redis } from 'ioredis'

type Send = Redis['sendCommand']
type Stream = NonNullable<Parameters<Send>[1]>

/**
 * Sends what comes up in one turn of the event loop in few writes. What auto-pipelining is for, at a fraction of its cost:
 * that makes a pipeline and a second promise for each command.
 */
export function gatherCommands(redis: Redis): void {
  const send = redis.sendCommand.bind(redis)
  let turn: Turn | undefined
  redis.sendCommand = (command: Command, stream?: Stream): unknown => {
    if (stream !== undefined && !isTurn(stream)) {
      turn?.send() // before the pipeline, which gathers by itself
      return send(command, stream)
    }
    if (redis.status !== 'ready') return send(command)
    // Also what is sent again on a new connection, which comes with the turn of the old one.
    if (turn?.socket !== redis.stream) turn = new Turn(redis)
    return send(command, turn as unknown as Stream)
  }
}

const isTurn = (stream: object): boolean => stream instanceof Turn

/** In one write: Redis is to begin with the first commands while the rest is still being made. */
const MOST_AT_ONCE = 8

/** Takes the place of a socket while commands are gathered for it: ioredis' pipelines do the same. */
class Turn {
  readonly isPipeline = true
  readonly destination: { readonly redis: Redis }
  readonly socket: Redis['stream']
  #commands = 0
  #text = ''
  #parts: (string | Buffer)[] = []

  constructor(redis: Redis) {
    this.destination = { redis }
    this.socket = redis.stream
  }

  write(command: string | Buffer): void {
    if (this.#commands++ === 0) setImmediate(this.send)
    if (typeof command === 'string') this.#text += command
    else {
      this.#parts.push(this.#text, command)
      this.#text = ''
    }
    if (this.#commands >= MOST_AT_ONCE) this.send()
  }

  readonly send = (): void => {
    if (this.#commands === 0) return
    const { socket } = this
    const parts = [...this.#parts, this.#text].filter((part) => part.length > 0)
    this.#commands = 0
    this.#parts = []
    this.#text = ''
    if (!socket.writable) return // ioredis knows of a closed connection, and what becomes of its commands
    socket.cork()
    for (const part of parts) socket.write(part)
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
