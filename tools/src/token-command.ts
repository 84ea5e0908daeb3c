import { parseArgs } from 'node:util'
import { makeToken, RIGHTS, type Right, TokenEntry } from '@rollcall/runtime'

const MEANINGS: Readonly<Record<Right, string>> = {
  notify: 'tell Rollcall whose rosters changed, and ask how that went: your application',
  read: 'read rosters: an XMPP server',
  operate: 'act on Rollcall itself',
  view: 'look at what it does',
}

const HELP = `npm run token -- --name <who> --rights <rights> [--domains <domains>]

  --name      for people: who gets this token, such as contacts-app
  --rights    what it may be used for, several with commas between them; none implies another
${RIGHTS.map((right) => `                ${right.padEnd(7)} ${MEANINGS[right]}`).join('\n')}
  --domains   the domains it may do that for, with commas between them; left out: all

For example:

  npm run token -- --name contacts-app --rights notify,read
`

export interface Answer {
  readonly exitCode: 0 | 1
  readonly stdout: string
  readonly stderr: string
}

const Request = TokenEntry.pick({ name: true, rights: true, domains: true })

/** What `npm run token` says: a new token and its entry for the configuration, or what is wrong with the question. */
export function tokenCommand(argv: readonly string[]): Answer {
  const option = { type: 'string' } as const
  const options = { name: option, rights: option, domains: option, help: { type: 'boolean', short: 'h' } } as const
  let values: { name?: string; rights?: string; domains?: string; help?: boolean }
  try {
    values = parseArgs({ args: [...argv], options }).values
  } catch (error) {
    // An option that does not exist, or one without its value.
    return refused([error instanceof Error ? error.message : String(error)])
  }
  if (values.help) return { exitCode: 0, stdout: HELP, stderr: '' }
  const missing = (['name', 'rights'] as const).filter((name) => values[name] === undefined)
  if (missing.length > 0) return refused(missing.map((name) => `--${name} is missing`))
  const request = Request.safeParse({
    name: values.name,
    rights: list(values.rights ?? ''),
    domains: values.domains === undefined || values.domains === '*' ? '*' : list(values.domains),
  })
  if (!request.success)
    return refused(request.error.issues.map(({ path, message }) => complaint(String(path[0]), message)))
  const { token, entry } = makeToken(request.data)
  return { exitCode: 0, stdout: show(token, entry), stderr: '' }
}

const list = (text: string): string[] => text.split(',').map((item) => item.trim())

// The configuration takes a JSON array of domains, this option a list with commas.
const complaint = (option: string, message: string): string =>
  option === 'domains'
    ? '--domains: Write domain names with commas between them, such as example.org,example.com, or * for all.'
    : `--${option}: ${message}`

const refused = (complaints: readonly string[]): Answer => ({
  exitCode: 1,
  stdout: '',
  stderr: `${[...new Set(complaints)].join('\n')}\n\n${HELP}`,
})

function show(token: string, entry: TokenEntry): string {
  const json = JSON.stringify([entry])
  // No quote may end the value early: neither in a shell nor in .env, where nothing can be escaped within single quotes.
  const quotable = json.replaceAll("'", String.raw`\u0027`)
  return `The token, shown only this once; Rollcall keeps no more than its SHA-256:

  ${token}

For the configuration, as a variable or a line of .env (with more than one token, all entries go into the one list):

  TOKENS='${quotable}'

or in rollcall.config.json:

  "tokens": ${json}
`
}
