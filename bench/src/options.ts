import { parseArgs } from 'node:util'
import { SCALE_PARTS, type ScalePart } from './scale/plan.ts'

export const HELP = `npm run bench: Rollcall next to the plain design (addBulk, waitUntilFinished, axios as it comes, SET)

  Refreshes 1, 100, 1,000 and 10,000 users through one api and one worker against a local backend, and reads
  /contacts; the two designs in turn, on one Redis. Prints users/s and CPU per user, then the floors and whether they
  are met. Everything is started here, on free ports of 127.0.0.1, and ended again. docs/benchmarks.md explains it.

  npm run bench                       all of it, some minutes
  npm run bench -- --quick            fewer rounds, and no backend that takes 20 ms
  npm run bench -- --scale            how it grows: a million stored rosters, more workers, api replicas and shards, a
                                      refresh of 100,000 users, 50 open dashboards; about half an hour and 6 GB.
                                      docs/scaling.md explains it
  npm run bench -- --scale --quick    the same with small numbers, some minutes
  npm run bench -- --scale --part x   one part of it: ${SCALE_PARTS.join(', ')}
  npm run bench -- --targets          from a notice to the rosters on Prosody and ejabberd and to the clients that are
                                      online, next to the servers' own APIs; what a gateway costs at rest
  npm run bench -- --profile all      where the CPU goes when 10,000 rosters have changed (all), or when none has
                                      (none): the costs by function, and .cpuprofile files for Chrome's DevTools

Exit code 0: all floors met; 1: one was missed, or something else was done than was to be timed.
Results also go to bench/results. Needs Linux (CPU times come from /proc), and a machine at rest.
`

export type Options =
  | { readonly kind: 'help' }
  | { readonly kind: 'measure'; readonly quick: boolean }
  | { readonly kind: 'scale'; readonly quick: boolean; readonly part: ScalePart | undefined }
  | { readonly kind: 'targets'; readonly quick: boolean }
  | { readonly kind: 'profile'; readonly change: 'all' | 'none' }

/** Throws with a message for people. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      quick: { type: 'boolean', default: false },
      scale: { type: 'boolean', default: false },
      part: { type: 'string' },
      targets: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  })
  if (values.help) return { kind: 'help' }
  if (values.scale) return { kind: 'scale', quick: values.quick, part: partOf(values.part) }
  if (values.part !== undefined) throw new Error('--part is one of --scale')
  if (values.targets) return { kind: 'targets', quick: values.quick }
  if (values.profile === undefined) return { kind: 'measure', quick: values.quick }
  if (values.profile !== 'all' && values.profile !== 'none') throw new Error('--profile takes all or none')
  return { kind: 'profile', change: values.profile }
}

function partOf(text: string | undefined): ScalePart | undefined {
  if (text === undefined) return undefined
  const part = SCALE_PARTS.find((name) => name === text)
  if (!part) throw new Error(`--part takes one of ${SCALE_PARTS.join(', ')}`)
  return part
}
