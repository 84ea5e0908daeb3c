import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { eventLink, type LinkState } from './event-link.ts'
import { madeUpSurroundings } from './made-up-surroundings.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function link() {
  const surroundings = madeUpSurroundings()
  const states: LinkState[] = []
  const heard: unknown[] = []
  const opened = eventLink({
    url: '/events',
    on: { news: (data) => heard.push(data) },
    onState: (state) => states.push(state),
    surroundings,
  })
  return { surroundings, states, heard, opened }
}

describe('a link to the events of an api', () => {
  test('gives events with their data', () => {
    const { surroundings, heard, states } = link()
    surroundings.last().emit('open')
    surroundings.last().emit('news', '{"a":1}')
    expect([heard, states]).toEqual([[{ a: 1 }], ['connecting', 'open']])
  })

  test('is closed while nobody looks, and open again as soon as somebody does', () => {
    const { surroundings, states } = link()
    surroundings.last().emit('open')
    surroundings.setHidden(true)
    expect(surroundings.openNow()).toBe(0)
    vi.advanceTimersByTime(60_000)
    expect(surroundings.openNow()).toBe(0)
    surroundings.setHidden(false)
    expect(surroundings.openNow()).toBe(1)
    expect(states).toEqual(['connecting', 'open', 'waiting', 'connecting'])
  })

  test('that the api ends is opened again, and is lost only when that fails', () => {
    const { surroundings, states } = link()
    surroundings.last().emit('open')
    surroundings.last().emit('error')
    vi.advanceTimersByTime(500)
    expect(surroundings.openNow()).toBe(1)
    expect(states).toEqual(['connecting', 'open'])
    surroundings.last().emit('error')
    expect(states).toEqual(['connecting', 'open', 'lost'])
  })

  test('is tried again less and less often, but always within 10 s', () => {
    const { surroundings } = link()
    for (let i = 0; i < 8; i += 1) {
      surroundings.last().emit('error')
      vi.advanceTimersByTime(10_000)
    }
    expect(surroundings.opened()).toBe(9)
    surroundings.last().emit('error')
    vi.advanceTimersByTime(4999)
    expect(surroundings.opened()).toBe(9)
  })

  test('goes on after the last event that had an id', () => {
    const { surroundings } = link()
    surroundings.last().emit('news', '{}', 'a b')
    surroundings.last().emit('news', '{}')
    surroundings.last().emit('error')
    vi.advanceTimersByTime(500)
    expect(surroundings.last().url).toBe('/events?after=a+b')
  })

  test('that is closed stays closed', () => {
    const { surroundings, opened } = link()
    surroundings.last().emit('error')
    opened.close()
    vi.advanceTimersByTime(60_000)
    surroundings.setHidden(true)
    surroundings.setHidden(false)
    expect([surroundings.openNow(), surroundings.opened()]).toEqual([0, 1])
  })
})
