// What stands behind the ? of an address: plain text, so that a link can be read, and typed by hand.

/** As the router asks for it: every value is a string; what is given twice counts once. */
export const parseSearch = (search: string): Record<string, string> => Object.fromEntries(new URLSearchParams(search))

/** What is undefined or empty is left out. */
export function stringifySearch(search: Record<string, unknown>): string {
  const kept = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== '') kept.set(name, String(value))
  }
  const text = kept.toString()
  return text === '' ? '' : `?${text}`
}

/** A value of free text; undefined when it is missing or empty. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** One of these; undefined when it is something else: an old or mistyped link shows everything, and no error. */
export const oneOf = <const Choice extends string>(value: unknown, choices: readonly Choice[]): Choice | undefined =>
  choices.find((choice) => choice === value)

/** For a router that is strict about optional properties: an object without those that are undefined. */
export function present<Search extends object>(search: Search): Present<Search> {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as Present<Search>
}

type Present<Search> = { [Name in keyof Search]?: Exclude<Search[Name], undefined> }
