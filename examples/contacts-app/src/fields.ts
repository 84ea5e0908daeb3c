import { RequestError } from './request-error.ts'

/**
 * The fields of a body, JSON or form. The content type is not asked: `curl -d '{"a":"john"}'` calls its JSON a form.
 * Fields that are not strings count as missing.
 */
export function parseFields(body: unknown): ReadonlyMap<string, string> {
  const text = typeof body === 'string' ? body.trim() : ''
  if (text === '') throw new RequestError(400, 'The body is empty. Send a form (a=john&b=aaron) or JSON')
  if (!/^[{["]/.test(text)) return new Map(new URLSearchParams(text))
  return new Map(
    Object.entries(parseObject(text)).filter((field): field is [string, string] => typeof field[1] === 'string'),
  )
}

export function requiredField(fields: ReadonlyMap<string, string>, name: string, maxLength: number): string {
  const value = optionalField(fields, name, maxLength)
  if (value === undefined) throw new RequestError(400, `The field "${name}" is missing or is not a text`)
  return value
}

export function optionalField(
  fields: ReadonlyMap<string, string>,
  name: string,
  maxLength: number,
): string | undefined {
  const value = fields.get(name)?.trim()
  if (value === undefined) return undefined
  if (value === '') throw new RequestError(400, `The field "${name}" is empty`)
  if (value.length > maxLength)
    throw new RequestError(400, `The field "${name}" is longer than ${maxLength} characters`)
  // A roster goes into XML in the end, where these cannot stand.
  if (!value.isWellFormed() || /\p{Cc}/u.test(value)) {
    throw new RequestError(400, `The field "${name}" has characters that no name may have`)
  }
  return value
}

function parseObject(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new RequestError(400, 'The body starts like JSON but is none')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RequestError(400, 'The body must be an object such as {"a":"john","b":"aaron"}')
  }
  return value
}
