import { join } from 'node:path'
import colours from 'picocolors'
import { ONLINE, PASSWORD } from './local-prosody.ts'
import type { Part } from './part.ts'
import { shortPath } from './repository.ts'
import { shellWord } from './shell-word.ts'
import type { StartOptions } from './start-options.ts'
import type { Parts } from './start-parts.ts'

export interface Started {
  /** What became of the first refresh; undefined when none was asked for. */
  readonly refreshed: string | undefined
  /** Since the command was given. */
  readonly ms: number
}

/** What is said when all is ready: what happened, what to try, how to stop and start parts, where things are. */
export function nextSteps(options: StartOptions, parts: Parts, { refreshed, ms }: Started): string {
  return [
    '',
    colours.bold(colours.green(`Rollcall is up (${(ms / 1000).toFixed(1)} s).`)),
    ...(refreshed === undefined ? [] : [refreshed]),
    `${colours.bold('Dashboard:')} ${options.api.url}/ops/${options.tokens ? ', for a token with the right to view' : ''}`,
    '',
    ...(options.prosody
      ? [
          `${ONLINE.join(' and ')} are online at Prosody. What their clients are told is written here, in this shell.`,
          '',
        ]
      : []),
    colours.bold('Try in a second shell'),
    ...[...friendshipsToTry(options), ...thingsToTry(options)].flat().map(indent),
    '',
    colours.bold('Stop one part; the others go on'),
    ...parts.all.map((each) => indent(stopLine(each))),
    ...(options.example
      ? [indent(colours.dim('Without the backend reads still answer, and a refresh says what is wrong.'))]
      : []),
    ...command('Start again what has ended:', parts.againCommand).map(indent),
    '',
    ...(options.prosody
      ? [
          `Prosody: any user of the example may log in at 127.0.0.1:${options.prosody.ports.clients}, without TLS, with the password ${PASSWORD}.`,
        ]
      : []),
    `Redis: ${parts.redis ? `${parts.redisUrl()}, its data in ${shortPath(parts.redisDirectory)}` : 'yours'}.` +
      ` Logs: ${shortPath(join(options.dataDirectory, 'logs'))}. Ctrl-C ends everything.`,
  ].join('\n')
}

export const stopLine = (each: Part): string => `${each.name.padEnd(10)} kill ${each.pid()}`

// Commands have a line of their own, with nothing behind them: an interactive zsh takes `# a comment` for arguments.
const command = (meaning: string, line: string): string[] => [colours.dim(meaning), `  ${line}`]

function thingsToTry({ api, example, tokens }: StartOptions): string[][] {
  const curl = tokens ? 'curl -H "Authorization: Bearer $TOKEN"' : 'curl'
  const [some, one] = example ? ['["john","aaron"]', 'john'] : ['["USERNAME"]', 'USERNAME']
  const url = (path: string) => shellWord(api.url + path)
  return [
    ...(tokens ? [[colours.dim('Put one of your tokens into TOKEN first.')]] : []),
    ...(example ? [] : [[colours.dim('For USERNAME, write one that your backend knows.')]]),
    command('Refresh:', `${curl} -d '${some}' ${url('/roster_admin/refresh')}`),
    command('Read a roster:', `${curl} ${url(`/contacts/${one}`)}`),
    ...(example ? [[`Open ${example.url} in a browser, befriend two users, and read again.`]] : []),
    command('How it is:', `curl ${url('/health/ready')}`),
  ]
}

function friendshipsToTry({ example, prosody }: StartOptions): string[][] {
  if (!example || !prosody) return []
  const friendships = shellWord(`${example.url}/friendships`)
  const aaron = shellWord(`${example.url}/users/aaron`)
  return [
    command('Befriend them. Here you see  john: aaron is now a contact …', `curl -d a=john -d b=aaron ${friendships}`),
    command('Rename aaron. Here you see  john: aaron is now called "Ari" …', `curl -X PATCH -d name=Ari ${aaron}`),
    command(
      'Put them into another group. Here you see  john: aaron is now in Work …',
      `curl -d a=john -d b=aaron -d group=Work ${friendships}`,
    ),
    command(
      'Unfriend them. Here you see  john: aaron is no longer a contact …',
      `curl -X DELETE -d a=john -d b=aaron ${friendships}`,
    ),
  ]
}

const indent = (text: string) => `  ${text}`
