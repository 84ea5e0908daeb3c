import type { UrlTemplate } from '@rollcall/roster'

/**
 * A function that takes the credentials of a backend out of a text. A backend that fails likes to say what it was sent;
 * a failure's message is read by people who may not know its token.
 */
export function concealer(headers: Readonly<Record<string, string>>, template: Pick<UrlTemplate, 'source'>) {
  const sent = [...Object.values(headers), ...queryValues(template.source)]
  // `Bearer abc` is as secret as `abc`; the longest first, so that no part of it stays.
  const secrets = sent
    .flatMap((value) => [value, ...value.split(' ')])
    .filter((value) => value.length >= SHORTEST)
    .sort((a, b) => b.length - a.length)
  return (text: string): string => secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
}

/** Shorter ones are words and numbers, not credentials. */
const SHORTEST = 6

function queryValues(source: string): string[] {
  const query = source.split('?')[1] ?? ''
  return query
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1))
    .filter((value) => !/%[sd]/.test(value))
}
