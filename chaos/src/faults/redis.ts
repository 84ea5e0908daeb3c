import { setTimeout as delay } from 'node:timers/promises'
import { findOnPath } from '@rollcall/tools'
import type { Load } from '../load.ts'
import type { Random } from '../random.ts'
import { EVERYBODY, type Fault, type Stage } from './fault.ts'
import { someUsers } from './kill.ts'

export const killRedis: Fault = {
  name: 'kill-redis',
  about: 'kill -9 of Redis, which is started again at once with its append-only file',
  answersWithinMs: 5000,
  settlesWithinMs: 20_000,
  plan: (stage) => killed('kill -9 of Redis', 0, stage),
}

export const redisAway: Fault = {
  name: 'redis-away',
  about: 'the same, but Redis stays away for 5 to 60 s',
  answersWithinMs: 5000,
  settlesWithinMs: 20_000,
  plan(stage) {
    const awayMs = stage.random.between(5000, stage.pace < 1 ? 5000 : 60_000) * Math.min(1, stage.pace * 2)
    return killed(`Redis away for ${(awayMs / 1000).toFixed(1)} s`, awayMs, stage)
  },
}

const killed = (what: string, awayMs: number, { scene: { redis }, checker, load, random }: Stage) => ({
  what,
  excuses: { refused: EVERYBODY, unread: EVERYBODY },
  async run() {
    await inTheMiddle(load, random)
    checker.losing()
    await redis.kill()
    await delay(awayMs)
    // Redis writes to its file before it answers, but not while the disk is busy with an earlier fsync.
    if (await redis.start()) checker.kept()
    else checker.lost()
  },
})

export const loseRedis: Fault = {
  name: 'lose-redis',
  about: 'kill -9 of Redis, which is started again without its data',
  answersWithinMs: 10_000,
  settlesWithinMs: 20_000,
  plan: ({ scene: { redis }, checker, stored, now, load, random }) => ({
    what: 'Redis lost its data',
    excuses: { refused: EVERYBODY, unread: EVERYBODY },
    async run() {
      const before = await stored.epoch()
      await inTheMiddle(load, random)
      checker.losing()
      await redis.kill()
      await redis.forget()
      await redis.start()
      checker.lost()
      const after = await epochOfNext(stored)
      if (after === before) checker.violated('epoch', now(), `it is ${after} again`)
    },
  }),
}

/** Of a large refresh. */
async function inTheMiddle(load: Load, random: Random): Promise<void> {
  void load.refresh(someUsers(load.users, 2000))
  await delay(random.between(20, 500))
}

/** Set by the first refresh that a Redis takes in. */
async function epochOfNext(stored: Stage['stored']): Promise<string> {
  for (;;) {
    const epoch = await stored.epoch()
    if (epoch !== null) return epoch
    await delay(50)
  }
}

export const redisFull: Fault = {
  name: 'redis-full',
  about: 'Redis at its maxmemory takes no writes for some seconds',
  answersWithinMs: 10_000,
  settlesWithinMs: 20_000,
  plan: ({ scene: { redis }, pace }) => ({
    what: 'Redis full',
    excuses: { refused: EVERYBODY },
    async run() {
      await redis.client.config('SET', 'maxmemory', '1')
      await delay(5000 * pace)
      await redis.client.config('SET', 'maxmemory', '0')
    },
  }),
}

export const diskFull: Fault = {
  name: 'disk-full',
  about: 'the disk of the append-only file of Redis is full for some seconds',
  answersWithinMs: 10_000,
  settlesWithinMs: 20_000,
  missing: async () => (findOnPath('prlimit') === undefined ? 'prlimit (util-linux) is not here' : null),
  plan: ({ scene: { redis }, load, pace }) => ({
    what: 'the disk of Redis full',
    excuses: { refused: EVERYBODY },
    async run() {
      await redis.fillDisk(true)
      void load.refresh(someUsers(load.users, 2000)) // it notices when it has something to write
      await delay(8000 * pace)
      await redis.fillDisk(false)
    },
  }),
}
