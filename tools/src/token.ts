import { parseArgs } from 'node:util'
import { makeToken, RIGHTS, TokenEntry } from '@rollcall/runtime'

const HELP = `npm run token -- --name <who> --rights <rights> [--domains <domains>]

  --name      for people: who gets this token, such as contacts-app
  --rights    of ${RIGHTS.join(', ')}; several with commas
  --domains   the domains it may do that for, with commas; left out: all

  npm run token -- --name contacts-app --rights notify,read
`

const list = (text: string) => text.split(',').map((item) => item.trim())

const Request = TokenEntry.pick({ name: true, rights: true, domains: true })

function parseRequest() {
  const option = { type: 'string' } as const
  const { values } = parseArgs({
    options: { name: option, rights: option, domains: option, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help || values.name === undefined || values.rights === undefined) return undefined
  return Request.safeParse({
    name: values.name,
    rights: list(values.rights),
    domains: values.domains === undefined || values.domains === '*' ? '*' : list(values.domains),
  })
}

function main(): number {
  const request = parseRequest()
  if (!request) {
    process.stdout.write(HELP)
    return 1
  }
  if (!request.success) {
    for (const { path, message } of request.error.issues) console.error(`--${String(path[0])}: ${message}`)
    return 1
  }
  const { token, entry } = makeToken(request.data)
  console.log(`The token, shown only this once; Rollcall keeps no more than its SHA-256:

  ${token}

For the configuration, as a variable or a line of .env (with more than one token, all entries go into the one list):

  TOKENS='${JSON.stringify([entry])}'

or in rollcall.config.json:

  "tokens": ${JSON.stringify([entry])}
`)
  return 0
}

try {
  process.exitCode = main()
} catch (error) {
  if (!(error instanceof TypeError)) throw error
  // An option that does not exist.
  console.error(`${error.message}\n\n${HELP}`)
  process.exitCode = 1
}
