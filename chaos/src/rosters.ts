// The rosters of the campaign. A user is a number; a roster is a function of the user and of its serial number, so that a
// stored one can be compared byte by byte with what the backend had at that serial.

export const usernameOf = (user: number): string => `user-${user}`

export const userNamed = (username: string): number => Number(username.slice('user-'.length))

export const jidOf = (user: number): string => `${usernameOf(user)}@localhost`

/** What the backend answers. */
export function rosterText(user: number, serial: number): string {
  const filler = FILLER.slice(0, user % FILLER.length).map((jid) => `"${jid}":{"groups":["Team"]},`)
  return `{${filler.join('')}"serial@truth.example":{"name":"${serial}"},"z-${user}@truth.example":{"subscription":"to"}}`
}

/** What Rollcall must have stored of it, and serve. */
export function storedText(user: number, serial: number): string {
  const filler = FILLER.slice(0, user % FILLER.length).map(
    (jid) => `"${jid}":{"subscription":"both","groups":{"Team":true}},`,
  )
  const rest = `"z-${user}@truth.example":{"subscription":"to","groups":{}}`
  return `{${filler.join('')}"serial@truth.example":{"name":"${serial}","subscription":"both","groups":{}},${rest}}`
}

/** The serial of a stored roster of that user; null when it is none that the backend ever had: damaged, or another user's. */
export function serialIn(user: number, text: string): number | null {
  const serial = Number(/"serial@truth\.example":\{"name":"(\d+)"/.exec(text)?.[1] ?? Number.NaN)
  return storedText(user, serial) === text ? serial : null
}

const FILLER = ['a@truth.example', 'b@truth.example', 'c@truth.example', 'd@truth.example']
