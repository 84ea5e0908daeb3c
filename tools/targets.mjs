import { prepare } from './bootstrap.mjs'

await prepare()
await import('../apps/gateway/dist/command/main.js')
