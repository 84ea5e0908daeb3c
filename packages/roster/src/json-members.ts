/** The members of a JSON object, in the order of the text; a key that is there twice comes twice. */
export interface Members {
  readonly keys: readonly string[]
  readonly values: readonly unknown[]
}

/**
 * Parses the text of a JSON object whose values are objects. JSON.parse of the whole costs three times as much, since
 * each roster has keys of its own, for which V8 makes hidden classes that nobody ever uses again.
 *
 * Undefined for everything but the usual: no object, a value that is none, a key with an escape, broken text. JSON.parse
 * knows what such a text means, or what is wrong with it.
 */
export function parseMembers(text: string): Members | undefined {
  const keys: string[] = []
  const values: string[] = []
  let at = skipSpace(text, 0)
  if (text.charCodeAt(at) !== OPEN) return undefined
  at = skipSpace(text, at + 1)
  if (text.charCodeAt(at) !== CLOSE) {
    for (;;) {
      if (text.charCodeAt(at) !== QUOTE) return undefined
      const keyEnd = text.indexOf('"', at + 1)
      const key = text.slice(at + 1, keyEnd)
      if (keyEnd === -1 || NOT_PLAIN.test(key)) return undefined
      at = skipSpace(text, keyEnd + 1)
      if (text.charCodeAt(at) !== COLON) return undefined
      at = skipSpace(text, at + 1)
      if (text.charCodeAt(at) !== OPEN) return undefined
      const end = endOfValue(text, at)
      if (end === -1) return undefined
      keys.push(key)
      values.push(text.slice(at, end))
      at = skipSpace(text, end)
      if (text.charCodeAt(at) === CLOSE) break
      if (text.charCodeAt(at) !== COMMA) return undefined
      at = skipSpace(text, at + 1)
    }
  }
  if (skipSpace(text, at + 1) !== text.length) return undefined
  try {
    return { keys, values: JSON.parse(`[${values.join(',')}]`) }
  } catch {
    return undefined
  }
}

/**
 * The member whose key begins at `at`, in the text of an object that has no white space; undefined behind the last one.
 * Throws a SyntaxError when there is none and the text goes on.
 */
export function memberAt(text: string, at: number): { readonly key: string; readonly end: number } | undefined {
  if (at >= text.length - 1) return undefined
  const keyEnd = text.charCodeAt(at) === QUOTE ? endOfString(text, at) : -1
  const end = keyEnd === -1 ? -1 : endOfValue(text, keyEnd + 2)
  if (end === -1) throw new SyntaxError(`There is no member of an object at ${at}`)
  return { key: JSON.parse(text.slice(at, keyEnd + 1)), end }
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN = 0x7b
const CLOSE = 0x7d
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON has none of them in a string
const NOT_PLAIN = /[\\\u0000-\u001f]/

function skipSpace(text: string, from: number): number {
  let at = from
  for (;;) {
    const unit = text.charCodeAt(at)
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return at
    at++
  }
}

/** Behind the bracket that closes the one at `from`; -1 when there is none. */
function endOfValue(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) {
      at = endOfString(text, at)
      if (at === -1) return -1
    } else if (unit === OPEN || unit === OPEN_LIST) depth++
    else if ((unit === CLOSE || unit === CLOSE_LIST) && --depth === 0) return at + 1
  }
  return -1
}

/** The quote that ends the string which begins at `from`; -1 when there is none. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let first = at
    while (text.charCodeAt(first - 1) === BACKSLASH) first--
    if ((at - first) % 2 === 0) return at
  }
  return -1
}
