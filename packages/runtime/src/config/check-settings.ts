import type { z } from 'zod'
import type { Problem } from './config-error.ts'
import { didYouMean } from './did-you-mean.ts'
import { Settings } from './settings.ts'
import { showValue } from './show-value.ts'
import { CONFIG_FILE, type Given, VARIABLES } from './sources.ts'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

export interface CheckedSettings {
  /** What is wrong is left out or has its default, so that the rest can still be checked. */
  readonly settings: Settings
  readonly problems: readonly Problem[]
  /** Whether something at this path was wrong: what follows from it need not be told again. */
  isBroken(...path: string[]): boolean
}

/** Checks what was given against the schema, and tells all that is wrong at once. */
export function checkSettings(given: Given): CheckedSettings {
  const result = Settings.safeParse(given.values)
  if (result.success) return { settings: result.data, problems: [], isBroken: () => false }
  const { issues } = result.error
  const broken = issues.flatMap(brokenPaths)
  return {
    settings: Settings.parse(without(given.values, broken)),
    problems: issues.flatMap((issue) => problemsOf(issue, given)),
    isBroken: (...path) => broken.some((at) => at.every((part, index) => part === path[index])),
  }
}

function problemsOf(issue: Issue, given: Given): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      where: `${pathText([...issue.path, key])} (${CONFIG_FILE})`,
      found: 'no such setting',
      advice: adviceForUnknown(key, issue.path),
    }))
  }
  const [key = '', ...inner] = issue.path
  const name = given.nameOf(String(key))
  return [
    {
      where: name.replace(/^\S+/, (start) => pathText([start, ...inner])),
      found: showValue(valueAt(given.values, issue.path), issue.path),
      advice: issue.message,
    },
  ]
}

function adviceForUnknown(key: string, path: Path): string {
  if (path.length === 0 && [...VARIABLES.values()].includes(key)) {
    const [inFile] = [...VARIABLES].find(([, variable]) => variable === key) ?? []
    return `In the file this is called "${inFile}".`
  }
  const meant = didYouMean(key, knownAt(path))
  return meant === null ? 'Leave it out.' : `Did you mean "${meant}"?`
}

function knownAt(path: Path): string[] {
  if (path.length === 0) return Object.keys(Settings.shape)
  return path[0] === 'domains' ? Object.keys(Settings.shape.domains.unwrap().valueType.shape) : []
}

/** What has to be left out: of `domains` no more than the wrong value, of the other settings the whole. */
function brokenPaths(issue: Issue): Path[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => within([...issue.path, key]))
  return [within(issue.path)]
}

const within = (path: Path): Path => path.slice(0, path[0] === 'domains' ? 3 : 1)

function without(values: Given['values'], paths: readonly Path[]): unknown {
  const copy: unknown = structuredClone(values)
  for (const path of paths) {
    const parent = valueAt(copy, path.slice(0, -1))
    const key = path.at(-1)
    if (typeof parent !== 'object' || parent === null || key === undefined) continue
    // A domain stays, as one without settings, so that whatever names it is not called wrong too.
    if (path[0] === 'domains' && path.length === 2) Reflect.set(parent, key, {})
    else Reflect.deleteProperty(parent, key)
  }
  return copy
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined),
    value,
  )
}

/** `domains.example.org.rosterUrl`, `tokens[0].name`. */
function pathText(path: Path): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('')
}
