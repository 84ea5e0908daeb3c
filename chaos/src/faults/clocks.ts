import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { bringDebianPackages, findOnPath, hasDebianPackages } from '@rollcall/tools'
import { EVERYBODY, type Fault, only } from './fault.ts'
import { someUsers } from './kill.ts'

/** Who has the wrong clock. */
const WRONG = 1

/** Debian's, unpacked without root; throws when it cannot be had. */
async function libfaketime(): Promise<string> {
  if (process.platform !== 'linux' || !hasDebianPackages()) throw new Error('there is no libfaketime for this system')
  const { root, libraryPath } = await bringDebianPackages('faketime', ['libfaketime'])
  const file = libraryPath
    .split(':')
    .map((directory) => join(directory, 'faketime/libfaketime.so.1'))
    .find((path) => existsSync(path))
  if (!file) throw new Error(`libfaketime.so.1 is not below ${root}`)
  return file
}

export const clocks: Fault = {
  name: 'clocks',
  about: 'a worker and an api whose clocks are an hour fast or slow, while fetches are tried again',
  answersWithinMs: 20_000,
  settlesWithinMs: 20_000,
  async missing() {
    if (findOnPath('faketime') === undefined && !hasDebianPackages()) return 'libfaketime is not to be had here'
    return libfaketime().then(
      () => null,
      (error: Error) => error.message,
    )
  },
  plan({ scene: { apis, workers, backend }, random, load, pace }) {
    const offset = random.pick(['+1h', '-1h'] as const)
    const wrong = [apis[WRONG], workers[WRONG]] as const
    return {
      what: `clocks of ${wrong.map(({ name }) => name).join(' and ')} ${offset}`,
      excuses: { broken: only(WRONG), refused: only(WRONG), unread: only(WRONG), failed: EVERYBODY },
      async run() {
        const env = { LD_PRELOAD: await libfaketime(), FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' }
        for (const app of wrong) await app.kill().then(() => app.start(env))
        await backend.behave({ kind: 'flap' })
        await delay(4000 * pace)
        await backend.behave({ kind: 'dead' })
        void load.refresh(someUsers(load.users, 300))
        await delay(random.between(250, 500))
        // What is put off until then was put off by a clock that is gone.
        for (const app of wrong) await app.kill().then(() => app.start())
        await backend.behave({ kind: 'good' })
      },
    }
  },
}
