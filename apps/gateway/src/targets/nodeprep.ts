import { type BareJid, splitBareJid } from '@rollcall/roster'

/**
 * How XMPP servers write a username: they compare by nodeprep (RFC 3920, Appendix A), which folds more than RFC 8265 does,
 * by which Rollcall compares. They take `straße` for `strasse`, who may be somebody else. This is what nodeprep does with
 * those names that RFC 8265 leaves as they are; letters younger than Unicode 3.2 servers refuse by themselves.
 */
export function nodeprep(username: string): string {
  if (ASCII.test(username)) return username
  return [...username].map(fold).join('').normalize('NFKC')
}

/** Character by character: σ at the end of a word would come back as ς. */
const fold = (character: string): string =>
  character === DOTLESS_I ? character : character.toUpperCase().toLowerCase()

const ASCII = /^[\0-\x7f]*$/
const DOTLESS_I = 'ı'

/** Why a server would take a JID for another one, or for none. */
export function nodeprepFault(jid: BareJid): string | undefined {
  const { username = '' } = splitBareJid(jid)
  if (ASCII.test(username)) return undefined
  const folded = [...username].find((character) => nodeprep(character) !== character)
  if (folded !== undefined) return `XMPP servers write ${folded} in another way`
  if (RIGHT_TO_LEFT.test(username) && !ALL_RIGHT_TO_LEFT.test(username)) {
    return 'XMPP servers refuse a name that is only in part written from right to left'
  }
  return undefined
}

// Compared with what Prosody 0.12 does, character by character.
const LETTER = String.raw`(?=\p{L})[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFF\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]`
const RIGHT_TO_LEFT = new RegExp(LETTER, 'u')
/** It begins and ends so, and no other letter is between. RFC 3454 §6. */
const ALL_RIGHT_TO_LEFT = new RegExp(`^(?:${LETTER})(?:(?:${LETTER}|\\P{L})*(?:${LETTER}))?$`, 'u')
