import { prepare, whenOrphaned } from './bootstrap.mjs'

await prepare()
whenOrphaned(() => process.kill(process.pid, 'SIGTERM'))
await import('../bench/dist/main.js')
