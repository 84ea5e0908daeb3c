import { expect, test } from 'vitest'
import { liveWords } from './live-words.ts'

test('what follows within seconds is live', () => {
  expect(liveWords({ link: 'open', oldForS: undefined })).toMatchObject({ state: 'Live', tone: 'good' })
})

test('an api that is silent on an open link, or cannot be reached, is said to be, with the age of what is shown', () => {
  expect(liveWords({ link: 'open', oldForS: 20 })).toMatchObject({
    state: 'Silent',
    age: 'data is 20 s old',
    tone: 'warn',
  })
  expect(liveWords({ link: 'lost', oldForS: 75 })).toMatchObject({
    state: 'Reconnecting',
    age: 'data is 1 min 15 s old',
    tone: 'bad',
  })
})

test('before anything has been heard, nothing is claimed', () => {
  expect(liveWords({ link: 'connecting', oldForS: undefined })).toMatchObject({ state: 'Connecting', tone: 'idle' })
  expect(liveWords({ link: 'lost', oldForS: undefined }).age).toBeUndefined()
})
