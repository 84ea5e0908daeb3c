/** Replaces what stands once in a text, and fails when it does not. */
export function replaceOnce(text: string, from: string, to: string): string {
  const [before, after, ...more] = text.split(from)
  if (before === undefined || after === undefined || more.length > 0) throw new Error(`It does not say once: ${from}`)
  return before + to + after
}
