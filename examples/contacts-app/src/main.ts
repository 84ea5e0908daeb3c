import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { contactsApp } from './app.ts'
import { contactBook } from './contact-book.ts'
import { friendshipGraph } from './graph.ts'
import { rollcallNotifier } from './notify.ts'
import { parseSettings, type Settings, SettingsError } from './settings.ts'

const { port, host, rollcall, domain, latencyMs } = settingsOrExit()
const book = contactBook(friendshipGraph(), domain)
const log = (line: object) => console.log(JSON.stringify(line))
const server = createServer(contactsApp({ book, notify: rollcallNotifier(rollcall), rollcall, latencyMs, log }))

server.once('error', (error: NodeJS.ErrnoException) => {
  exitWith(
    error.code === 'EADDRINUSE'
      ? `Port ${port} on ${host} is taken. Stop what listens there, or choose another with PORT=${port + 1}`
      : `The contacts application cannot listen on ${host}:${port}: ${error.message}`,
  )
})
server.listen(port, host, () => {
  const address = server.address() as AddressInfo
  console.log(
    `Contacts application with ${book.users().length} users on http://${host}:${address.port}/, for Rollcall at ${rollcall.url}`,
  )
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)

/** Answers that take longer than a moment, such as those of LATENCY_MS, are cut off. */
function stop(): void {
  server.close(() => process.exit(0))
  setTimeout(() => server.closeAllConnections(), 500).unref()
}

function settingsOrExit(): Settings {
  try {
    return parseSettings(process.env)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    return exitWith(error.message)
  }
}

function exitWith(message: string): never {
  console.error(message)
  process.exit(1)
}
