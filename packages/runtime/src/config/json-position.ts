/** The line, from 1, at which text stops being JSON. The engine's own message quotes the text, which may hold secrets. */
export function whereJsonBreaks(text: string): number {
  const lines = text.split('\n')
  const broken = lines.findIndex((_, index) => breaksWithin(`${lines.slice(0, index + 1).join('\n')}\n`))
  return broken === -1 ? lines.length : broken + 1
}

/** Whether it is wrong already, and not only unfinished. */
function breaksWithin(text: string): boolean {
  try {
    JSON.parse(text)
    return false
  } catch (error) {
    const message = String(error)
    if (message.includes('Unexpected end')) return false
    const position = /at position (\d+)/.exec(message)?.[1]
    return position === undefined || Number(position) < text.length
  }
}
