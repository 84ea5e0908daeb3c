// npm test. Plain JavaScript like the bootstrap: it has to be able to say that the build is what fails.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, checkNode, freshCacheDirectory, install, root, run, StepError, step } from './bootstrap.mjs'

const HELP = `npm test: everything that can be checked on this machine

  npm test                  build, lint, types, unit tests with coverage, integration, end to end,
                            and the dashboard in a browser
  npm run test:quick        unit and integration only, without build, lint and types, and without what takes long
  npm test -- <filters>     all steps, but only the test files or names (-t) that match; passed on to vitest

The last line is always "N passed, N failed, N skipped". A step that fails counts as one failed.
With CI=true a skipped test fails, too.
`

const args = process.argv.slice(2)
const quick = args.includes('--quick')
const filters = args.filter((arg) => arg !== '--quick')

const totals = { passed: 0, failed: 0, skipped: 0 }
const failures = []

// Tests open their own Redis and ports; what this shell is set up for is not theirs to touch.
const noneOfOurs = Object.fromEntries(
  ['REDIS_URL', 'HTTP_ROSTER_URL', 'PORT', 'HOST', 'TOKENS', 'EXAMPLE_PORT'].map((name) => [name, undefined]),
)

if (args.includes('--help') || args.includes('-h')) {
  process.stdout.write(HELP)
} else {
  await testAll()
  process.exitCode = report()
}

async function testAll() {
  if (!(await counted('install', prepareToTest))) return
  if (!quick) {
    await counted('build', build)
    await counted('lint', () => step('lint', () => bin('@biomejs/biome/bin/biome', ['check'])))
    await counted('types', () => step('types', () => bin('typescript/bin/tsc', ['-p', 'tsconfig.test.json'])))
  }
  const results = freshCacheDirectory('test-results')
  if (quick) {
    // Side by side: the ones compute, the others wait.
    await Promise.all([
      vitest('unit', results),
      vitest('integration', results, ['--exclude', 'test/integration/slow/**']),
    ])
    return
  }
  await vitest('unit', results, filters.length > 0 ? [] : coverage(results))
  await vitest('integration', results)
  await vitest('end-to-end', results)
  await vitest('browser', results)
}

async function prepareToTest() {
  checkNode()
  await install()
}

/** A step that is not a test: failing, it counts as one failed test. */
async function counted(name, work) {
  try {
    await work()
    return true
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    fail(name, error.message)
    return false
  }
}

async function vitest(project, results, extra = []) {
  const file = join(results, `${project}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const before = totals.failed
  try {
    await step(`${project} tests`, () =>
      bin('vitest/vitest.mjs', ['run', '--project', project, '--passWithNoTests', ...reporters, ...extra, ...filters], {
        env: noneOfOurs,
      }),
    )
    count(project, file)
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    count(project, file)
    // No test failed, yet vitest did: the coverage, an error outside of tests, a Redis that did not start.
    if (totals.failed === before) fail(`${project} tests`, 'vitest failed outside of any test, as it says above')
  }
}

function count(project, file) {
  if (!existsSync(file)) return
  for (const { name, status, message, assertionResults } of JSON.parse(readFileSync(file, 'utf8')).testResults) {
    const where = name.replace(`${root}/`, '')
    if (status === 'failed' && !assertionResults.some((test) => test.status === 'failed')) fail(where, message)
    for (const test of assertionResults) {
      if (test.status === 'passed') totals.passed += 1
      else if (test.status === 'failed') fail(where, test.fullName)
      else skip(`${project}: ${where}`, test.fullName)
    }
  }
}

function fail(where, what) {
  totals.failed += 1
  failures.push(`✗ ${where}: ${firstLine(what)}`)
}

// A filter by name (-t) skips all the others, which is what was asked for.
function skip(where, what) {
  if (process.env.CI === 'true' && filters.length === 0) fail(where, `skipped, with CI=true: ${what}`)
  else totals.skipped += 1
}

function report() {
  const ran = totals.passed + totals.failed
  if (ran === 0) failures.push(`✗ no test ran${filters.length > 0 ? `: nothing matches ${filters.join(' ')}` : ''}`)
  if (failures.length > 0) console.log(`\n${failures.join('\n')}`)
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
  return failures.length > 0 ? 1 : 0
}

function firstLine(text) {
  return text.trim().split('\n', 1)[0]
}

// Every branch of the pure package is tested.
function coverage(results) {
  return [
    '--coverage',
    '--coverage.include=packages/roster/src/**',
    '--coverage.exclude=**/*.test.ts',
    '--coverage.thresholds.branches=100',
    '--coverage.reporter=text',
    `--coverage.reportsDirectory=${join(results, 'coverage')}`,
  ]
}

function bin(script, binArgs, options) {
  return run(process.execPath, [join(root, 'node_modules', script), ...binArgs], options)
}
