import { PRIORITY } from '@rollcall/runtime'
import { describe, expect, test } from 'vitest'
import { intake } from './intake.ts'

const never = () => new Promise<never>(() => {})

describe('turns to ask for users', () => {
  test('a small refresh is asked for while large ones have taken all their turns', async () => {
    const turns = intake()
    for (let i = 0; i < 100; i++) void turns(PRIORITY.bulk, never)
    expect(await turns(PRIORITY.small, async () => 'asked')).toBe('asked')
  })

  test('few are asked for at a time, and the next one when one of them is through', async () => {
    const turns = intake()
    let begun = 0
    let release = () => {}
    const first = turns(PRIORITY.bulk, () => {
      begun++
      return new Promise<void>((resolve) => {
        release = resolve
      })
    })
    const other = () => {
      begun++
      return never()
    }
    for (let i = 0; i < 10; i++) void turns(PRIORITY.bulk, other)
    await expect.poll(() => begun).toBe(2)
    release()
    await first
    await expect.poll(() => begun).toBe(3)
  })
})
