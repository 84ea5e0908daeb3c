import type { OpsQueue } from '@rollcall/roster'
import { describe, expect, test } from 'vitest'
import { areAlike, limitsFrom, writtenLimits } from './limits.ts'

describe('limits of queues', () => {
  test('what is empty has no bound', () => {
    expect(limitsFrom({ atATime: '', max: ' ', seconds: '' })).toEqual({
      errors: {},
      limits: { globalConcurrency: null, rateLimit: null },
    })
  })

  test('numbers are taken, a period in seconds', () => {
    expect(limitsFrom({ atATime: '20', max: '100', seconds: '0.5' }).limits).toEqual({
      globalConcurrency: 20,
      rateLimit: { max: 100, durationMs: 500 },
    })
  })

  test('what the api would refuse is said beside its field', () => {
    const { limits, errors } = limitsFrom({ atATime: '0', max: '1.5', seconds: '4000' })
    expect(limits).toBeUndefined()
    expect(Object.keys(errors)).toEqual(['atATime', 'max', 'seconds'])
  })

  test('a period alone, and a number alone, are not enough', () => {
    expect(Object.keys(limitsFrom({ atATime: '', max: '', seconds: '1' }).errors)).toEqual(['max'])
    expect(Object.keys(limitsFrom({ atATime: '', max: '5', seconds: '' }).errors)).toEqual(['seconds'])
  })

  test('of several shards stands there what they have in common', () => {
    const queue = { globalConcurrency: 20, rateLimit: { max: 10, durationMs: 1500 } } as OpsQueue
    expect(writtenLimits([queue, queue])).toEqual({ atATime: '20', max: '10', seconds: '1.5' })
    expect(areAlike([queue, queue])).toBe(true)
    expect(areAlike([queue, { ...queue, rateLimit: null }])).toBe(false)
    expect(writtenLimits([queue, { ...queue, globalConcurrency: null, rateLimit: null }])).toEqual({
      atATime: '',
      max: '',
      seconds: '',
    })
  })
})
