import { HELP, type Options, parseOptions } from './options.ts'
import { showProgress } from './progress.ts'
import { report } from './report.ts'
import { unseen } from './result.ts'
import { run } from './run.ts'

const options = readOptions()
if (options.kind === 'help') process.stdout.write(HELP)
else {
  const ended = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      console.log('\nEnding after this fault; once more to end at once')
      ended.abort()
      process.once(signal, () => process.exit(130))
    })
  }
  const progress = showProgress()
  const result = await run(options, { progress, ended: ended.signal })
  progress.end()
  console.log(report(result))
  const wanted = options.break === undefined ? result.violations.length === 0 : result.violations.length > 0
  if (options.break !== undefined)
    console.log(wanted ? 'As it has to be with --break' : 'It was broken, and nobody saw it')
  process.exit(wanted && unseen(result).length === 0 ? 0 : 1)
}

function readOptions(): Options {
  try {
    return parseOptions(process.argv.slice(2), () => Math.floor(Math.random() * 1_000_000))
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`)
    process.exit(1)
  }
}
