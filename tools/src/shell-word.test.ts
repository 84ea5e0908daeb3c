import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { shellWord } from './shell-word.ts'

test('a shell reads back the same word', () => {
  for (const word of ['a b', "o'brien", '$HOME', '`id`', '[::1]:8080', 'a"b', '~', '=x', '', 'a\\b', '*']) {
    expect(execFileSync('sh', ['-c', `printf %s ${shellWord(word)}`]).toString()).toBe(word)
  }
})

test('what needs no quotes gets none', () => {
  for (const word of ['/tmp/data-1', 'http://127.0.0.1:8080/contacts/john']) expect(shellWord(word)).toBe(word)
})
