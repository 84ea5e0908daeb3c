/** What the codes mean that are met most often when a connection fails, for whoever has to do something about it. */
const MEANINGS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was closed',
  EHOSTUNREACH: 'no way leads there',
  ENETUNREACH: 'no way leads there',
  ENOTFOUND: 'nobody knows this name',
  EAI_AGAIN: 'no DNS server says what this name is',
  ETIMEDOUT: 'nobody answers there',
}

/** A code of a socket, or of a name that is looked up, with what it means. */
export const inWords = (code: string): string => (code in MEANINGS ? `${code}: ${MEANINGS[code]}` : code)
