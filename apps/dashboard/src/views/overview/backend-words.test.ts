import { Domain, type OpsBackend } from '@rollcall/roster'
import { expect, test } from 'vitest'
import { backendWords } from './backend-words.ts'

const backend = (part: Partial<OpsBackend>): OpsBackend => ({
  domain: Domain.parse('example.org'),
  state: 'ok',
  fetchesPerSecond: 1,
  errorShare: 0,
  latency: { p50Ms: 1, p95Ms: 1, p99Ms: 1 },
  ...part,
})
const since = '2026-11-25T20:00:00Z'

test.each<[string, Partial<OpsBackend>, ReturnType<typeof backendWords>]>([
  ['all is well', { lately: { all: 40, failed: 0 } }, { word: 'Answers', tone: 'good' }],
  ['few fetches come', {}, { word: 'Answers', tone: 'good' }],
  [
    'the last fetches went well, and many before did not',
    { lately: { all: 40, failed: 1 }, errorShare: 0.476, since },
    { word: 'Answers again', tone: 'good', more: '47.6 % failed in the last minute' },
  ],
  ['it has been well for a minute', { lately: { all: 40, failed: 0 }, since }, { word: 'Answers again', tone: 'good' }],
  [
    'some of the last fetches failed',
    { lately: { all: 1040, failed: 208 }, errorShare: 0.02, since },
    { word: 'Fails in part', tone: 'warn', more: '208 of the last 1,040 fetches failed' },
  ],
  [
    'many failed, and nobody has asked it since',
    { errorShare: 0.5 },
    {
      word: 'Not asked now',
      tone: 'idle',
      more: 'Nothing was fetched in the last seconds; 50 % failed in the last minute',
    },
  ],
  [
    'it fails',
    { state: 'failing', reason: '9 of the last 9 fetches failed', lately: { all: 9, failed: 9 } },
    { word: 'Failing', tone: 'warn', more: '9 of the last 9 fetches failed' },
  ],
])('when %s, the word and the numbers say the same', (_, part, words) => {
  expect(backendWords(backend(part))).toEqual(words)
})
