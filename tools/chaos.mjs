import { prepare, whenOrphaned } from './bootstrap.mjs'

await prepare()
whenOrphaned(() => process.kill(process.pid, 'SIGTERM'))
await import('../chaos/dist/main.js')
