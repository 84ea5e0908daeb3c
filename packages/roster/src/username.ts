import type { z } from 'zod'
import { type Normalised, normalisedString } from './normalised.ts'
import { nameCharacter } from './printable.ts'
import { utf8Length } from './utf8-length.ts'

/**
 * A localpart (RFC 7622 §3.3) as servers compare it: UsernameCaseMapped of RFC 8265, normalised, 1 to 1023 bytes of UTF-8.
 *
 * As far as Unicode in JavaScript carries it:
 * - the bidi rule (RFC 5893) is not checked, there is no Bidi_Class in JavaScript;
 * - ZWJ and ZWNJ are refused everywhere, their context rules need joining types;
 * - the classes are those of the engine's Unicode version, so an old engine refuses characters that are newer than it.
 *
 * Stricter than the RFCs:
 * - `.` and `..`, also as `%2e`, are refused since they would leave the path of a backend's URL;
 * - more than 30 combining marks in a row are refused (the Stream-Safe Text Format of UAX #15 has no more, no language
 *   needs as many): to put a thousand of them in order, as NFC does, takes a million steps.
 */
export const Username = normalisedString(normalise).brand('Username')
export type Username = z.infer<typeof Username>

export type UsernameResult =
  | { readonly kind: 'valid'; readonly username: Username }
  | { readonly kind: 'invalid'; readonly reason: string }

/** The same check as the schema, without its cost. `reason` says what is wrong and where, and is safe to print. */
export function parseUsername(text: string): UsernameResult {
  const result = normalise(text)
  if ('normal' in result) return { kind: 'valid', username: result.normal as Username }
  return { kind: 'invalid', reason: result.reason }
}

const MAX_BYTES = 1023

const PLAIN_ASCII = /^[!#$%()*+,\-.0-9;=?A-Z[\\\]^_`a-z{|}~]+$/
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/

function normalise(text: string): Normalised {
  if (text === '') return { reason: 'it is empty' }
  // UTF-8 never has fewer bytes than UTF-16 has units, so this bounds the work below.
  if (text.length > MAX_BYTES) return tooLong
  const result = PLAIN_ASCII.test(text) ? { normal: text.toLowerCase() } : normaliseUnicode(text)
  if ('normal' in result && DOT_SEGMENT.test(result.normal)) return { reason: 'it is a dot segment of a path' }
  return result
}

const tooLong = { reason: `it is longer than ${MAX_BYTES} bytes` }

function normaliseUnicode(text: string): Normalised {
  const marks = marksFaultOf(text)
  if (marks !== undefined) return { reason: marks }
  const mapped = text.replace(WIDE_OR_NARROW, (character) => character.normalize('NFKC'))
  const normal = mapped.toLowerCase().normalize('NFC')
  const fault = faultOf(text, mapped) ?? composedFaultOf(normal) ?? contextFaultOf(normal)
  if (fault !== undefined) return { reason: fault }
  return utf8Length(normal) > MAX_BYTES ? tooLong : { normal }
}

/**
 * Width mapping makes marks of U+FF9E and U+FF9F, and lower case gives one to İ. Looks only from the first mark of a row:
 * from each, it would cost as much as what it prevents.
 */
const TOO_MANY_MARKS = /(?:(?<![\p{M}\uFF9E\uFF9F])[\p{M}\uFF9E\uFF9F]|İ)[\p{M}\uFF9E\uFF9F]{30}/u

function marksFaultOf(text: string): string | undefined {
  const index = text.search(TOO_MANY_MARKS)
  if (index === -1) return undefined
  return `from character ${[...text.slice(0, index)].length + 1} on there are more than 30 combining marks in a row`
}

/** Width-mapping rule of RFC 8265 §3.3.3: full and half width become what they are compatible with. */
const WIDE_OR_NARROW = /[\u3000\uFF01-\uFFEE]/g

/** IdentifierClass (RFC 8264 §4.2, the categories of its §9), less what RFC 7622 §3.3.1 takes out. */
const FOREIGN = new RegExp(
  [
    `["&'/:<>@]`,
    String.raw`[^!-~\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}\u06FD\u06FE\u0F0B\u3007\u00B7\u0375\u05F3\u05F4\u30FB]`,
    String.raw`[\u0640\u07FA\u302E\u302F\u3031-\u3035\u303B\p{Default_Ignorable_Code_Point}]`,
    String.raw`[\u1100-\u11FF\uA960-\uA97F\uD7B0-\uD7FF]`, // old Hangul jamo
  ].join('|'),
  'u',
)

function faultOf(given: string, mapped: string): string | undefined {
  const index = firstFaulty(mapped)
  if (index === -1) return undefined
  // Up to the first fault, width mapping takes one character to one.
  const position = [...mapped.slice(0, index)].length
  const character = [...given].slice(position, position + 1).join('')
  return `${nameCharacter(character)} at character ${position + 1} ${whatIsWrongWith(mapped.slice(index))}`
}

function firstFaulty(text: string): number {
  const foreign = text.search(FOREIGN)
  if (foreign !== -1 || text.normalize('NFKC') === text) return foreign
  let index = 0
  for (const character of text) {
    if (character.normalize('NFKC') !== character) return index
    index += character.length
  }
  return -1
}

function whatIsWrongWith(text: string): string {
  if (/^\p{Cs}/u.test(text)) return 'is half a surrogate pair'
  if (/^\p{Cc}/u.test(text)) return 'is a control character'
  if (/^\p{Z}/u.test(text)) return 'is a space'
  if (/^\p{Default_Ignorable_Code_Point}/u.test(text)) return 'is invisible'
  const [character] = text
  return character?.normalize('NFKC') === character ? 'is not allowed' : 'is a compatibility character'
}

/** `=` and U+0338 are allowed, what they compose to is not. */
function composedFaultOf(normal: string): string | undefined {
  const [character] = FOREIGN.exec(normal) ?? []
  return character && `${nameCharacter(character)}, to which its characters compose, is not allowed`
}

/**
 * CONTEXTO: the rules of RFC 5892 Appendix A.3 to A.9. Of the normal form, since mapping changes the neighbours:
 * `L·L` becomes `l·l`, and in `l·l\u0301` the last two become one letter that is no `l`.
 */
function contextFaultOf(text: string): string | undefined {
  if (/·(?!l)|(?<!l)·/.test(text)) return '· (U+00B7) is not between two l'
  if (/͵(?!\p{Script=Greek})/u.test(text)) return '͵ (U+0375) is not before a Greek letter'
  if (/(?<!\p{Script=Hebrew})[׳״]/u.test(text)) return '׳ or ״ (U+05F3, U+05F4) is not after a Hebrew letter'
  if (/・/.test(text) && !/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(text)) {
    return '・ (U+30FB) is in a name that is not Japanese or Chinese'
  }
  if (/[\u0660-\u0669]/.test(text) && /[\u06F0-\u06F9]/.test(text)) {
    return 'there are both Arabic (U+0660) and Eastern Arabic (U+06F0) digits'
  }
  return undefined
}
