import { parseSettings } from './settings.ts'
import { type WatchedUser, watchUser } from './watch-user.ts'

const login = parseSettings(process.env)
const say = (words: string) => console.log(`${clock(new Date())}  ${login.username}: ${words}`)
const user = await watchUser(login, say).catch(exitWith)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void leave(user))

async function leave(leaving: WatchedUser): Promise<void> {
  await leaving.leave().catch(() => {}) // when the server has left first
  process.exit(0)
}

/** With milliseconds: how soon it is told is what one looks for. */
function clock(now: Date): string {
  return `${now.toTimeString().slice(0, 8)}.${String(now.getMilliseconds()).padStart(3, '0')}`
}

function exitWith(error: Error): never {
  console.error(`${login.username} cannot log in at ${login.service}: ${error.message || error.name}`)
  process.exit(1)
}
