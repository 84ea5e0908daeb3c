import { type BareJid, splitBareJid } from '@rollcall/roster'

/**
 * Why a server would take a JID for another one, or for none. Rollcall compares usernames by RFC 8265, XMPP servers still
 * by its forerunner nodeprep (RFC 3920, Appendix A), to which `straße` is `strasse`.
 */
export function nodeprepFault(jid: BareJid): string | undefined {
  const { username = '' } = splitBareJid(jid)
  if (PLAIN.test(username)) return undefined
  const [folded] = FOLDED.exec(username) ?? []
  if (folded !== undefined) return `XMPP servers write ${folded} in another way`
  if (RIGHT_TO_LEFT.test(username) && !ALL_RIGHT_TO_LEFT.test(username)) {
    return 'XMPP servers refuse a name that is only in part written from right to left'
  }
  return undefined
}

const PLAIN = /^[\x21-\x7e]*$/

// Both sets were compared with what Prosody 0.12 does, character by character; Cherokee is newer than nodeprep.
const FOLDED = /(?!\p{Script=Cherokee})\p{Changes_When_Casefolded}/u

const LETTER = String.raw`(?=\p{L})[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFF\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]`
const RIGHT_TO_LEFT = new RegExp(LETTER, 'u')
/** It begins and ends so, and no other letter is between. RFC 3454 §6. */
const ALL_RIGHT_TO_LEFT = new RegExp(`^(?:${LETTER})(?:(?:${LETTER}|\\P{L})*(?:${LETTER}))?$`, 'u')
