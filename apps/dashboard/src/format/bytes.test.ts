import { expect, test } from 'vitest'
import { formatBytes } from './bytes.ts'

test('bytes are given in the unit that keeps them short', () => {
  expect([0, 512, 1023, 1536, 12_900_000, 1024 ** 3, 5 * 1024 ** 5].map(formatBytes)).toEqual([
    '0 B',
    '512 B',
    '1,023 B',
    '1.5 KiB',
    '12.3 MiB',
    '1 GiB',
    '5,120 TiB',
  ])
})
