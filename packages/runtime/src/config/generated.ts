import { z } from 'zod'
import { type SettingFacts, settingFacts } from './setting.ts'
import { Settings } from './settings.ts'

interface Row extends SettingFacts {
  readonly key: string
}

const rows: readonly Row[] = Object.entries(Settings.shape).flatMap(([key, schema]) => {
  const facts = settingFacts.get(schema)
  return facts === undefined ? [] : [{ key, ...facts }]
})

const sections: readonly string[] = [...new Set(rows.map((row) => row.section))]

/** The text of `.env.example`: every variable with its default, none of them set. */
export function envExample(): string {
  const parts = sections.map((section) => {
    const settings = rows.filter((row) => row.section === section).map(asVariable)
    return [`# ---- ${section} ----`, ...settings].join('\n\n')
  })
  return `${[ENV_HEAD, ...parts].join('\n\n')}\n`
}

const ENV_HEAD = `# Generated from packages/runtime/src/config/settings.ts; explained in docs/configuration.md.
# Copy it to .env and take the # away from what you set. What is set in the environment itself wins.`

const asVariable = ({ description, accepts, environment, fallback }: Row): string =>
  `# ${description}.\n# Values: ${accepts}.\n#${environment}=${asText(fallback)}`

/** The document with its tables of settings, one a section, written anew between the two marks. */
export function withSettingsTables(document: string): string {
  const [before, after] = [document.indexOf(MARK), document.indexOf(END_MARK)]
  if (before === -1 || after < before) throw new Error(`The document has no ${MARK} and ${END_MARK}`)
  const tables = sections.map((section) => {
    const lines = rows.filter((row) => row.section === section).map(asTableRow)
    return `### ${section}\n\n${asTable([TABLE_HEAD, ...lines])}`
  })
  return [document.slice(0, before) + MARK, ...tables, document.slice(after)].join('\n\n')
}

const MARK = '<!-- settings: generated from packages/runtime/src/config/settings.ts, do not edit -->'
const END_MARK = '<!-- end of settings -->'
const TABLE_HEAD = ['variable', 'in the file', 'values', 'default', '']

function asTableRow({ key, environment, accepts, fallback, description }: Row): string[] {
  const text = asText(fallback)
  return [`\`${environment}\``, `\`${key}\``, accepts, text === '' ? '' : `\`${text}\``, description]
}

/** A Markdown table with columns of even width, as the formatter of the repository wants it. */
function asTable([head = [], ...body]: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...body].map((cells) => cells[column]?.length ?? 0)))
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  return [head, widths.map((width) => '-'.repeat(width)), ...body].map(line).join('\n')
}

function asText(fallback: unknown): string {
  if (fallback === undefined || (Array.isArray(fallback) && fallback.length === 0)) return ''
  return typeof fallback === 'object' ? JSON.stringify(fallback) : String(fallback)
}

/** The text of `rollcall.config.schema.json`: JSON Schema of the file, for editors. */
export function fileSchema(): string {
  // `readOnly` is about types here; in JSON Schema it means that a server sets the value.
  const override = ({ jsonSchema }: { jsonSchema: object }) => void Reflect.deleteProperty(jsonSchema, 'readOnly')
  const schema = z.toJSONSchema(Settings, { io: 'input', override })
  return `${asJson({ ...schema, title: 'rollcall.config.json' })}\n`
}

/** As the formatter of the repository wants it: objects spread out, lists of scalars in one line where they fit. */
function asJson(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const deeper = `${indent}  `
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  const items = Array.isArray(value)
    ? value.map((item) => asJson(item, deeper))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${asJson(item, deeper)}`)
  const inLine = `${open}${items.join(', ')}${close}`
  if (items.length === 0 || (Array.isArray(value) && !inLine.includes('\n') && inLine.length < 80)) return inLine
  return `${open}\n${items.map((item) => deeper + item).join(',\n')}\n${indent}${close}`
}
