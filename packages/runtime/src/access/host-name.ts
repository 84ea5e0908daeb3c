const BRACKETED = /^\[([0-9a-fA-F:.]+)\](?::\d{1,5})?$/
const PLAIN = /^([^\s:/?#@[\]\\]+)(?::\d{1,5})?$/

/** The same host comes with nearly every request. */
let last: { readonly host: string; readonly name: string | null } = { host: '', name: null }

/**
 * The name in a Host header (RFC 9110 section 7.2), in lower case, without port, brackets and the dot at the end;
 * null when it is missing or none.
 */
export function hostName(host: string | undefined): string | null {
  if (host === undefined) return null
  if (host !== last.host) last = { host, name: nameIn(host) }
  return last.name
}

function nameIn(host: string): string | null {
  const name = (PLAIN.exec(host) ?? BRACKETED.exec(host))?.[1]
  if (name === undefined) return null
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()
}
