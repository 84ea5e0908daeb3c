import { describe, expect, test } from 'vitest'
import tokens from './tokens.css?raw'

const SCHEMES = ['light', 'dark'] as const
type Scheme = (typeof SCHEMES)[number]

/** WCAG 2.2: of text (1.4.3), and of what one must see to use something (1.4.11). */
const OF_TEXT = 4.5
const OF_CONTROLS = 3

const GROUNDS = ['page', 'surface', 'sunken', 'hover']

/** Text, and what it stands on. */
const TEXTS: readonly (readonly [text: string, ground: string])[] = [
  ...GROUNDS.flatMap((ground) => ['text', 'muted', 'accent'].map((text) => [text, ground] as const)),
  ...['good', 'warn', 'bad'].flatMap((tone) =>
    ['surface', 'page', 'hover', `${tone}-tint`].map((ground) => [tone, ground] as const),
  ),
  ...['accent-tint', 'good-tint', 'warn-tint', 'bad-tint'].flatMap((ground) =>
    ['text', 'muted', 'accent'].map((text) => [text, ground] as const),
  ),
  ...['accent-fill', 'accent-fill-hover', 'bad-fill', 'bad-fill-hover'].map((fill) => ['on-accent', fill] as const),
  ['surface', 'text'],
]

const SHAPES: readonly (readonly [shape: string, ground: string])[] = [
  ...['surface', 'page'].flatMap((ground) =>
    ['line-control', 'accent', 'accent-fill', 'bad-fill'].map((shape) => [shape, ground] as const),
  ),
  ...[1, 2, 3, 4, 5, 6].map((line) => [`series-${line}`, 'surface'] as const),
]

describe.each(SCHEMES)('in the %s scheme', (scheme) => {
  test.each(TEXTS)('text of %s can be read on %s', (text, ground) => {
    expect(contrast(text, ground, scheme)).toBeGreaterThanOrEqual(OF_TEXT)
  })

  test.each(SHAPES)('%s can be told from %s', (shape, ground) => {
    expect(contrast(shape, ground, scheme)).toBeGreaterThanOrEqual(OF_CONTROLS)
  })
})

function contrast(one: string, other: string, scheme: Scheme): number {
  const [a, b] = [luminance(colourOf(one, scheme)), luminance(colourOf(other, scheme))]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

function colourOf(name: string, scheme: Scheme): string {
  const value = new RegExp(`--${name}: (?:light-dark\\((#\\w{6}), (#\\w{6})\\)|(#\\w{6}));`).exec(tokens)
  if (!value) throw new Error(`tokens.css has no colour --${name}`)
  return (value[3] ?? value[scheme === 'light' ? 1 : 2]) as string
}

/** https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
