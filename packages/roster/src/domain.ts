import type { z } from 'zod'
import { type Normalised, normalisedString } from './normalised.ts'
import { printable } from './printable.ts'
import { utf8Length } from './utf8-length.ts'

/**
 * A domainpart (RFC 7622 §3.2) in the form in which it is compared: ASCII (A-labels), lower case, no trailing dot; or an
 * IPv4 address, or an IPv6 address in brackets. At most 1023 bytes, labels at most 63.
 *
 * U-labels are mapped by UTS 46, as browsers do. Wider than the RFC: `_` is allowed, since servers allow it. Narrower:
 * a last label that is a number is refused unless the whole is an IPv4 address, since half the world would read it as one.
 */
export const Domain = normalisedString(normalise).brand('Domain')
export type Domain = z.infer<typeof Domain>

export type DomainResult =
  | { readonly kind: 'valid'; readonly domain: Domain }
  | { readonly kind: 'invalid'; readonly reason: string }

/** The same check as the schema, without its cost. `reason` says what is wrong, and is safe to print. */
export function parseDomain(text: string): DomainResult {
  const result = normalise(text)
  if ('normal' in result) return { kind: 'valid', domain: result.normal as Domain }
  return { kind: 'invalid', reason: result.reason }
}

// In browsers and in Node; neither's type declarations are loaded here.
declare const URL: new (url: string) => { readonly hostname: string }

const MAX_BYTES = 1023
const MAX_LABEL_BYTES = 63

const ASCII_LABELS = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/
const A_LABEL = /(?:^|\.)xn--/i
const TRAILING_DOT = /[.\u3002\uFF0E\uFF61]$/

function normalise(text: string): Normalised {
  if (text.length > MAX_BYTES) return tooLong
  if (text.startsWith('[')) return normaliseIpv6(text)
  const name = text.replace(TRAILING_DOT, '')
  if (name === '') return { reason: 'the domain is empty' }
  if (ASCII_LABELS.test(name) && !A_LABEL.test(name)) return checkLabels(name.toLowerCase())
  return normaliseIdn(name)
}

const tooLong = { reason: `the domain is longer than ${MAX_BYTES} bytes` }

function checkLabels(name: string): Normalised {
  const labels = name.split('.')
  for (const label of labels) {
    if (label.length > MAX_LABEL_BYTES)
      return { reason: `a label of the domain is longer than ${MAX_LABEL_BYTES} bytes` }
    if (label.startsWith('-') || label.endsWith('-'))
      return { reason: `the label ${label} begins or ends with a hyphen` }
  }
  if (ENDS_IN_NUMBER.test(name) && !IPV4.test(name))
    return { reason: `${printable(name)} ends in a number and is no IPv4 address` }
  return { normal: name }
}

const ENDS_IN_NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

/** What a URL's host would cut, decode or drop must not reach it. ZWNJ and ZWJ may: UTS 46 knows where they can stand. */
const NOT_IN_NAMES = /(?![\u200C\u200D])[\p{C}\p{Z}!-,/:-@[-^`{-~]/u

function normaliseIdn(name: string): Normalised {
  if (utf8Length(name) > MAX_BYTES) return tooLong
  if (NOT_IN_NAMES.test(name)) return notADomain(name)
  const ascii = toAscii(name)
  if (ascii === undefined || !ASCII_LABELS.test(ascii)) return notADomain(name)
  return ascii.length > MAX_BYTES ? tooLong : checkLabels(ascii)
}

/** The label behind keeps a URL from reading the name as an IPv4 address. */
function toAscii(name: string): string | undefined {
  return hostname(`${name}.guard`)?.slice(0, -'.guard'.length)
}

function normaliseIpv6(text: string): Normalised {
  const address = /^\[[0-9A-Fa-f:.]+\]$/.test(text) ? hostname(text) : undefined
  return address === undefined ? { reason: `${printable(text)} is not an IPv6 address` } : { normal: address }
}

function hostname(host: string): string | undefined {
  try {
    return new URL(`http://${host}`).hostname
  } catch {
    return undefined
  }
}

function notADomain(text: string): Normalised {
  return { reason: `${printable(text)} is not a domain` }
}
