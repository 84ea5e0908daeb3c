/** One word of a command line for sh, bash and zsh: quoted when it holds anything that a shell may take for something else. */
export function shellWord(text: string): string {
  if (/^[\w@:./,+-]+$/.test(text)) return text
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
