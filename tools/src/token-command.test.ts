import { execFileSync } from 'node:child_process'
import { parseEnv } from 'node:util'
import { RIGHTS, tokenRegistry } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { tokenCommand } from './token-command.ts'

test('prints a token and the entry that lets it in', () => {
  const { exitCode, stdout } = tokenCommand(['--name', 'app', '--rights', 'notify, read', '--domains', 'example.org'])
  expect(exitCode).toBe(0)
  const token = /^ {2}(rc_\S+)$/m.exec(stdout)?.[1]
  const [entry] = JSON.parse(/"tokens": (.*)$/m.exec(stdout)?.[1] ?? '')
  expect(entry).toMatchObject({ name: 'app', rights: ['notify', 'read'], domains: ['example.org'] })
  expect(tokenRegistry([entry]).authenticate(`Bearer ${token}`)).toMatchObject({ kind: 'ok' })
})

test('a name with quotes survives the shell and .env', () => {
  const name = `o'brien's "app" $HOME \\n`
  const line = /^ {2}(TOKENS=.*)$/m.exec(tokenCommand(['--name', name, '--rights', 'read']).stdout)?.[1] ?? ''
  const inShell = execFileSync('sh', ['-c', `${line}; printf %s "$TOKENS"`]).toString()
  for (const text of [inShell, parseEnv(line).TOKENS ?? '']) expect(JSON.parse(text)).toMatchObject([{ name }])
})

test('--help says what each right means, and is no failure', () => {
  const { exitCode, stdout, stderr } = tokenCommand(['--help'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  for (const right of RIGHTS) expect(stdout).toMatch(new RegExp(`^ +${right} +\\w+`, 'm'))
})

test.each([
  [['--rights', 'read'], '--name is missing'],
  [['--name', 'app'], '--rights is missing'],
  [['--name', 'app', '--rights', 'rule'], '--rights: Write one of notify, read, operate, view.'],
  [['--name', 'app', '--rights', 'read', '--domains', 'a b'], '--domains: Write domain names with commas between them'],
  [['--nmae', 'app'], '--nmae'],
])('%j is refused with advice', (argv, complaint) => {
  const { exitCode, stdout, stderr } = tokenCommand(argv)
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  expect(stderr).toContain(complaint)
})
