import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '@rollcall/runtime'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { parseStartFlags, readStartOptions, StartError } from './start-options.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-start-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
})

const read = (env: Record<string, string> = {}) => readStartOptions('/data', env, directory)
const write = (file: string, text: string) => writeFileSync(join(directory, file), text)

describe('npm start', () => {
  test('with nothing configured brings all, on the usual ports', async () => {
    expect(await read()).toMatchObject({ port: 8080, examplePort: 8090, redisUrl: undefined, tokens: false })
  })

  test('leaves the example out when there is a backend, wherever that is said', async () => {
    expect((await read({ HTTP_ROSTER_URL: 'http://127.0.0.1:3000/%s' })).examplePort).toBeUndefined()
    write('.env', 'HTTP_ROSTER_URL=http://127.0.0.1:3000/%s\nREDIS_URL=redis://127.0.0.1:7000\nPORT=8181')
    expect(await read()).toMatchObject({ examplePort: undefined, redisUrl: 'redis://127.0.0.1:7000', port: 8181 })
    expect(await read({ PORT: '8282' })).toMatchObject({ port: 8282 })
  })

  test('takes domains and Redis from the configuration file', async () => {
    const domains = { 'example.org': { rosterUrl: 'http://127.0.0.1:3000/%s' } }
    write('rollcall.config.json', JSON.stringify({ domains, redisUrl: 'redis://127.0.0.1:7000' }))
    expect(await read()).toMatchObject({ examplePort: undefined, redisUrl: 'redis://127.0.0.1:7000' })
  })

  test('finds a free port for 0', async () => {
    const { port, examplePort } = await read({ PORT: '0', EXAMPLE_PORT: '0' })
    expect(port).toBeGreaterThan(1023)
    expect(examplePort).toBeGreaterThan(1023)
  })

  test('refuses what is wrong before anything starts', async () => {
    await expect(read({ EXAMPLE_PORT: 'ninety' })).rejects.toThrow(StartError)
    await expect(read({ PORT: 'eighty' })).rejects.toThrow(ConfigError)
    expect(() => parseStartFlags(['--agian'], directory)).toThrow(/--agian[\s\S]*npm start -- --help/)
  })

  test('keeps its data in .data or where it is told to', () => {
    expect(parseStartFlags([], '/here')).toEqual({ again: false, dataDirectory: '/here/.data' })
    expect(parseStartFlags(['--again', '--data', '/there'], '/here')).toEqual({ again: true, dataDirectory: '/there' })
  })
})
