const MAX_PRINTED = 64

/** Text from outside, cut to 64 characters and escaped where a terminal, a log or a page could trip over it. */
export function printable(text: string): string {
  const shown = text.length <= MAX_PRINTED ? text : cut(text)
  return shown.replace(UNPRINTABLE, (character) => `\\u{${codePoint(character).toString(16)}}`)
}

/** `: (U+003A)`, or `U+0020` alone for what cannot be seen by itself. */
export function nameCharacter(character: string): string {
  const number = `U+${codePoint(character).toString(16).toUpperCase().padStart(4, '0')}`
  return INVISIBLE.test(character) ? number : `${character} (${number})`
}

// Controls, format characters (bidi overrides among them), lone surrogates, unassigned; line and paragraph separators.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu
const INVISIBLE = /[\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}]/u

function codePoint(character: string): number {
  return Number(character.codePointAt(0))
}

/** A pair cut in two would show as an escaped half. */
function cut(text: string): string {
  const start = text.slice(0, MAX_PRINTED - 1)
  return `${/[\uD800-\uDBFF]$/.test(start) ? start.slice(0, -1) : start}…`
}
