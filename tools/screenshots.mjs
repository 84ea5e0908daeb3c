import { prepare, whenOrphaned } from './bootstrap.mjs'

const HELP = `npm run screenshots: a picture of each view of the dashboard, into docs/images

  A Rollcall of its own is started, with made-up applications and users. Each view is looked at with 1280 and with 390 pixels,
  light and dark. Chromium comes from Debian's packages, without root, for its fonts: pictures look the same everywhere.

  npm run screenshots -- overview user    only these views
`

if (process.argv.slice(2).some((arg) => arg === '--help' || arg === '-h')) {
  process.stdout.write(HELP)
} else {
  await prepare()
  whenOrphaned(() => process.kill(process.pid, 'SIGTERM'))
  await import('./dist/screenshots/main.js')
}
