/** One thing that is wrong, and what to do about it. */
export interface Problem {
  /** `PORT (environment)`, `domains.example.org.rosterUrl (rollcall.config.json)`. */
  readonly where: string
  /** What stands there, already fit to be shown: secrets hidden, shortened. */
  readonly found: string
  /** Sentences. */
  readonly advice: string
}

/** The configuration cannot be used. The message lists all that is wrong with it, and what might be. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[], warnings: readonly string[]) {
    super(
      [headline(problems.length), ...problems.map(listed), ...warnings.map((text) => `Perhaps: ${text}`)].join('\n\n'),
    )
    this.problems = problems
  }
}

const headline = (count: number): string =>
  count === 1
    ? 'There is 1 mistake in the configuration (docs/configuration.md):'
    : `There are ${count} mistakes in the configuration (docs/configuration.md):`

const listed = ({ where, found, advice }: Problem): string => `  ${where}: ${found}\n    ${advice}`
