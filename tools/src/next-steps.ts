import { join, relative } from 'node:path'
import colours from 'picocolors'
import type { Part } from './part.ts'
import { repositoryRoot } from './repository.ts'
import type { StartOptions } from './start-options.ts'
import type { Parts } from './start-parts.ts'

export interface Started {
  /** The api's answer to the first refresh; none when we could not ask. */
  readonly summary: string | undefined
  readonly ms: number
}

/** What is said when all is ready: what happened, what to try, how to stop and start parts, where things are. */
export function nextSteps(options: StartOptions, parts: Parts, { summary, ms }: Started): string {
  return [
    '',
    colours.bold(colours.green(`Rollcall is up (${(ms / 1000).toFixed(1)} s).`)),
    ...(summary === undefined ? [] : [`Refreshed john, aaron and mary: ${summary}`]),
    '',
    colours.bold('Try in a second shell'),
    ...thingsToTry(options).map(indent),
    '',
    colours.bold('Stop one part; the others go on'),
    ...parts.all.map((each) => indent(stopLine(each))),
    indent(line(parts.againCommand, 'start again what has ended')),
    '',
    `Redis: ${parts.redis ? `${parts.redisUrl()}, its data in ${shortPath(join(options.dataDirectory, 'redis'))}` : 'yours'}.` +
      ` Logs: ${shortPath(join(options.dataDirectory, 'logs'))}. Ctrl-C ends everything.`,
  ].join('\n')
}

export const stopLine = (each: Part): string =>
  line(`kill ${each.pid()}`, `stops ${each.name}${CONSEQUENCES[each.name] ?? ''}`)

const CONSEQUENCES: Readonly<Record<string, string>> = {
  backend: ': reads still answer, a refresh says what is wrong',
}

function thingsToTry({ port, examplePort, tokens }: StartOptions): string[] {
  const authorisation = tokens ? `-H 'Authorization: Bearer <token>' ` : ''
  const [some, one] = examplePort === undefined ? ['["<username>"]', '<username>'] : ['["john","aaron"]', 'john']
  return [
    line(`curl ${authorisation}-d '${some}' localhost:${port}/roster_admin/refresh`, 'refresh'),
    line(`curl ${authorisation}localhost:${port}/contacts/${one}`, 'read a roster'),
    ...(examplePort === undefined
      ? []
      : [line(`http://localhost:${examplePort}`, 'befriend two users, and read again')]),
    line(`curl localhost:${port}/health/ready`, 'how it is'),
  ]
}

const line = (command: string, meaning: string) => `${command.padEnd(64)} ${colours.dim(`# ${meaning}`)}`

const indent = (text: string) => `  ${text}`

const shortPath = (path: string) => {
  const short = relative(repositoryRoot, path)
  return short.startsWith('..') ? path : short
}
