import { prepare } from './bootstrap.mjs'

await prepare()
await import('./dist/token.js')
