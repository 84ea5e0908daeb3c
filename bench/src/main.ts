import { canMeasureCpu } from './cpu.ts'
import { stopLaunched } from './launch.ts'
import { measure } from './measure.ts'
import { HELP, type Options, parseOptions } from './options.ts'
import { profile } from './profile.ts'
import { measureScale } from './scale/measure-scale.ts'
import { measureTargets } from './targets/measure-targets.ts'

const options = readOptions()
if (options.kind === 'help') {
  process.stdout.write(HELP)
} else if (!canMeasureCpu()) {
  console.error('The bench needs Linux: it reads CPU times from /proc')
  process.exitCode = 1
} else {
  const ended = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      ended.abort()
      void stopLaunched().finally(() => process.exit(130))
    })
  }
  try {
    if (!(await run(options))) process.exitCode = 1
  } catch (error) {
    if (!ended.signal.aborted) throw error // else it failed because what it measures is being ended
  }
}

/** False when a floor was missed. */
function run(options: Exclude<Options, { kind: 'help' }>): Promise<boolean> {
  if (options.kind === 'scale') return measureScale(options)
  if (options.kind === 'targets') return measureTargets(options)
  return options.kind === 'measure' ? measure(options) : profile(options)
}

function readOptions(): Options {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`)
    process.exit(1)
  }
}
