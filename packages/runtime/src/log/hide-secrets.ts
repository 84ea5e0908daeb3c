// Texts from outside pass here, so nothing may take more than linear time: every repetition is bounded.
const TOKEN = /\brc_([a-z0-9]{4,32})_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g
const URL_CREDENTIALS = /(:\/\/)[^\s"'<>/?#]{1,512}@/g
/** A Redis URL has no `@` behind its host, but its password may hold unencoded `/` and `@`. */
const REDIS_CREDENTIALS = /(rediss?:\/\/)[^\s"'<>]{1,512}@/gi
const PARAMETER = /([?&])([^=&#?\s"]{1,64})=[^&#\s"]+/g
const SECRET_NAME = /key|token|secret|pass|pwd|auth|sig|cred/i

/** The text with `***` for Rollcall's tokens, for user and password of URLs and for query parameters named like a secret. */
export function hideSecrets(text: string): string {
  return text
    .replace(TOKEN, 'rc_$1_***')
    .replace(REDIS_CREDENTIALS, '$1***@')
    .replace(URL_CREDENTIALS, '$1***@')
    .replace(PARAMETER, (whole, mark: string, name: string) => (SECRET_NAME.test(name) ? `${mark}${name}=***` : whole))
}
