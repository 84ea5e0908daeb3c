import { isIP } from 'node:net'
import { parseUrlTemplate, UrlTemplateError } from '@rollcall/roster'
import { z } from 'zod'
import type { Form } from './setting.ts'

export function integer(min: number, max: number): Form<z.ZodInt> {
  const advice = `Write a whole number from ${min} to ${max}, digits only.`
  return {
    schema: z.int(advice).min(min, advice).max(max, advice),
    fromText: (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : text),
    accepts: `${min} to ${max}`,
  }
}

const shareAdvice = 'Write a number from 0 to 1, such as 0.5.'

export const share: Form<z.ZodNumber> = {
  schema: z.number(shareAdvice).min(0, shareAdvice).max(1, shareAdvice),
  fromText: (text) => (/^[01](\.\d{1,6})?$/.test(text) ? Number(text) : text),
  accepts: '0 to 1',
}

/** A time in milliseconds that must not be zero: up to a day. */
export const milliseconds = (min = 1, max = 86_400_000): Form<z.ZodInt> => integer(min, max)

export const yesOrNo: Form<z.ZodBoolean> = {
  schema: z.boolean('Write true or false.'),
  fromText: (text) => ({ true: true, false: false, 1: true, 0: false })[text.toLowerCase()] ?? text,
  accepts: 'true, false',
}

export function choice<const T extends readonly [string, ...string[]]>(
  ...values: T
): Form<z.ZodEnum<{ [K in T[number]]: K }>> {
  return {
    schema: z.enum(values, `Write one of ${values.join(', ')}.`),
    fromText: (text) => text,
    accepts: values.join(', '),
  }
}

const redisAdvice =
  'Write redis://host:port, with a password redis://:password@host:port (percent-encode what is special in it), with TLS rediss://…'

export const redisAddress: Form<z.ZodString> = {
  schema: z.string(redisAdvice).refine(isRedisUrl, redisAdvice),
  fromText: (text) => text,
  accepts: 'redis:// or rediss:// URL',
}

/** One server of several. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** `host:port` with commas between them. */
export function addresses(defaultPort: number) {
  const advice = `Write addresses with commas between them: 10.0.0.1:${defaultPort},redis-2.example.org,[::1]:${defaultPort}. Without a port it is ${defaultPort}.`
  const address = z.string(advice).transform((text, context): Address => {
    const url = URL.canParse(`redis://${text}`) ? new URL(`redis://${text}`) : null
    if (url !== null && /^(\[[0-9a-f:.]+\]|[\w.-]+)(:\d+)?$/i.test(text)) {
      return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? defaultPort : Number(url.port) }
    }
    context.addIssue({ code: 'custom', message: advice })
    return z.NEVER
  })
  return {
    schema: z.array(address, advice).min(1, advice).readonly(),
    fromText: commaSeparated,
    accepts: 'addresses, with commas between them',
  } satisfies Form<z.ZodType>
}

const textAdvice = 'Write a text that is not empty.'

export const text: Form<z.ZodString> = {
  schema: z.string(textAdvice).min(1, textAdvice),
  fromText: (given) => given,
  accepts: 'text',
}

export const secret: Form<z.ZodString> = { ...text, secret: true }

/** Of a file; a relative one begins where the process was started. */
export const path: Form<z.ZodString> = { ...text, accepts: 'path of a file' }

const shardsAdvice = 'Write numbers of shards and ranges of them, with commas between them: 0-3,7.'

/** Some of the shards: `0-3,7`. */
export const shardNumbers = {
  schema: z.string(shardsAdvice).transform((given, context): readonly number[] => {
    const parts = given.split(',').map((part) => /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim()))
    const numbers = parts.flatMap((part) => {
      const [from, to] = part ? [Number(part[1]), Number(part[2] ?? part[1])] : [1, 0]
      return from <= to ? Array.from({ length: to - from + 1 }, (_, i) => from + i) : [Number.NaN]
    })
    if (!numbers.some(Number.isNaN)) return [...new Set(numbers)].sort((a, b) => a - b)
    context.addIssue({ code: 'custom', message: shardsAdvice })
    return z.NEVER
  }),
  fromText: (given: string) => given,
  accepts: 'numbers and ranges: 0-3,7',
} satisfies Form<z.ZodType>

function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  return /^rediss?:$/.test(url.protocol) && url.hostname !== '' && /^\/?\d*$/.test(url.pathname)
}

const hostAdvice = 'Write an address to listen on, without scheme and port: 127.0.0.1, ::1, 0.0.0.0 or a host name.'

export const listenAddress: Form<z.ZodString> = {
  schema: z
    .string(hostAdvice)
    .regex(/^[A-Za-z0-9._:-]+$/, hostAdvice)
    .refine((text) => !/^[^:]*:\d*$/.test(text), hostAdvice),
  fromText: (text) => text,
  accepts: 'address or host name',
}

const originAdvice = 'Write origins such as https://app.example.org: scheme, host and port, no path, no "*".'

const origin = z.string(originAdvice).transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/` && !text.endsWith('/')) {
    return url.origin
  }
  context.addIssue({ code: 'custom', message: originAdvice })
  return z.NEVER
})

export const origins = {
  schema: z.array(origin, originAdvice).readonly(),
  fromText: commaSeparated,
  accepts: 'origins, with commas between them',
} satisfies Form<z.ZodType>

function commaSeparated(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** Addresses that begin alike: 10.0.0.0/8. */
export interface Network {
  readonly address: string
  readonly family: 'ipv4' | 'ipv6'
  /** Bits. */
  readonly prefix: number
}

const networkAdvice =
  'Write addresses and networks with commas between them: 127.0.0.1,10.0.0.0/8,fd00::/8. No host names: they are compared with the address of a connection.'

const network = z.string(networkAdvice).transform((given, context): Network => {
  const [address = '', prefix, ...more] = given.split('/')
  const version = isIP(address)
  const bits = version === 4 ? 32 : 128
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (version !== 0 && more.length === 0 && length <= bits)
    return { address, family: version === 4 ? 'ipv4' : 'ipv6', prefix: length }
  context.addIssue({ code: 'custom', message: networkAdvice })
  return z.NEVER
})

export const networks = {
  schema: z.array(network, networkAdvice).readonly(),
  fromText: commaSeparated,
  accepts: 'addresses and networks, with commas between them',
} satisfies Form<z.ZodType>

const namesAdvice = 'Write names with commas between them.'

export const names = {
  schema: z.array(z.string(namesAdvice).min(1, namesAdvice), namesAdvice).readonly(),
  fromText: commaSeparated,
  accepts: 'names, with commas between them',
} satisfies Form<z.ZodType>

const urlTemplate = z
  .string('Write the address of a roster, such as "https://app.example.org/rosters/%s".')
  .transform((text, context) => {
    try {
      return parseUrlTemplate(text)
    } catch (error) {
      if (!(error instanceof UrlTemplateError)) throw error
      context.addIssue({ code: 'custom', message: `${error.message}.` })
      return z.NEVER
    }
  })

export const rosterUrl = {
  schema: urlTemplate,
  fromText: (text: string) => text,
  accepts: 'http:// or https:// URL with one %s',
} satisfies Form<z.ZodType>

const headersAdvice = 'Write an object of header names and values, such as {"Authorization": "Bearer …"}.'
/** Headers that the HTTP client or Rollcall itself must decide. */
const OURS = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'te', 'if-none-match'])

const headerNameAdvice = 'Write the name of a header that only the proxy sets, such as x-forwarded-user.'
/** What anybody sends says nothing of who it is. */
const EVERYBODYS = new Set(['authorization', 'cookie', 'host', 'origin', 'referer', 'user-agent', 'x-forwarded-for'])

export const headerName = {
  schema: z
    .string(headerNameAdvice)
    .regex(/^[A-Za-z0-9-]{1,100}$/, headerNameAdvice)
    .transform((name) => name.toLowerCase())
    .refine((name) => !EVERYBODYS.has(name), headerNameAdvice),
  fromText: (given: string) => given,
  accepts: 'name of a header',
} satisfies Form<z.ZodType>

export const headers = {
  schema: z.record(z.string(), z.string(headersAdvice), headersAdvice).transform((given, context) => {
    const checked = new Map<string, string>()
    for (const [name, value] of Object.entries(given)) {
      const lower = name.toLowerCase()
      const wrong = whatIsWrongWithHeader(lower, value, checked)
      if (wrong !== null) context.addIssue({ code: 'custom', message: wrong, path: [name] })
      checked.set(lower, value)
    }
    return Object.fromEntries(checked) as Readonly<Record<string, string>>
  }),
  fromText: json,
  accepts: 'JSON object',
  secret: true,
} satisfies Form<z.ZodType>

function whatIsWrongWithHeader(name: string, value: string, earlier: ReadonlyMap<string, string>): string | null {
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) return 'Write a header name: letters, digits and hyphens.'
  if (OURS.has(name)) return 'Leave this header out: Rollcall sets it itself.'
  if (earlier.has(name)) return 'Write each header once; upper and lower case are the same.'
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value) ? null : 'Write a header value without line breaks.'
}

/** The value of a variable that holds JSON; broken JSON stays text, which no schema of ours takes for an object or list. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
