import { expect, it } from 'vitest'
import { parseSettings } from './settings.ts'

it('has defaults that fit a Rollcall on the same machine', () => {
  expect(parseSettings({ PORT: '', ROLLCALL_TOKEN: ' ' })).toEqual({
    port: 8090,
    host: '127.0.0.1',
    rollcall: { url: 'http://127.0.0.1:8080', token: undefined },
    domain: 'localhost',
    latencyMs: 0,
  })
})

it('takes what is set', () => {
  const environment = {
    PORT: '0',
    HOST: '::1',
    ROLLCALL_URL: 'https://rollcall.example/base/',
    ROLLCALL_TOKEN: 'rc_x',
    XMPP_DOMAIN: 'example.org',
    LATENCY_MS: '20',
  }
  expect(parseSettings(environment)).toEqual({
    port: 0,
    host: '::1',
    rollcall: { url: 'https://rollcall.example/base', token: 'rc_x' },
    domain: 'example.org',
    latencyMs: 20,
  })
})

it('lists everything that is wrong at once', () => {
  const environment = { PORT: '65536', LATENCY_MS: '-1', ROLLCALL_URL: 'localhost:8080' }
  expect(() => parseSettings(environment)).toThrow(/PORT is "65536"(.|\n)*ROLLCALL_URL|ROLLCALL_URL(.|\n)*PORT/)
  expect(() => parseSettings(environment)).toThrow(/LATENCY_MS is "-1"/)
})
