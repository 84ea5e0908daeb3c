import { expect, test } from 'vitest'
import { RedisSilentError } from './redis-socket.ts'
import { isRedisTrouble, RedisUnavailableError } from './redis-trouble.ts'

test.each([
  "Stream isn't writeable and enableOfflineQueue options is false",
  'Connection is closed.',
  'Command aborted due to connection close',
  'ERR max number of clients reached',
  'NOSCRIPT No matching script. Please use EVAL.',
  'connect ECONNREFUSED 127.0.0.1:6379',
  'read ECONNRESET',
  'getaddrinfo ENOTFOUND redis',
  "READONLY You can't write against a read only replica.",
  "OOM command not allowed when used memory > 'maxmemory'.",
  'EXECABORT Transaction discarded because of previous errors.',
  'MISCONF Redis is configured to save RDB snapshots',
  'NOREPLICAS Not enough good replicas to write.',
  'LOADING Redis is loading the dataset in memory',
  'CLUSTERDOWN The cluster is down',
])('"%s" is trouble with Redis: a caller gets 503', (message) => {
  expect(isRedisTrouble(new Error(message))).toBe(true)
})

test('so is a Redis that says nothing', () => expect(isRedisTrouble(new RedisSilentError(1000))).toBe(true))

test('so is our own error for it, with its cause', () => {
  const cause = new Error('why')
  expect(isRedisTrouble(new RedisUnavailableError(cause))).toBe(true)
  expect(new RedisUnavailableError(cause).cause).toBe(cause)
})

test.each([
  new TypeError("Cannot read properties of undefined (reading 'jid')"),
  new Error('WRONGTYPE Operation against a key holding the wrong kind of value'),
  new Error('ERR user_script:7: attempt to compare nil with number'),
  'Connection is closed.',
  undefined,
])('%s is not: it is a mistake of ours', (error) => {
  expect(isRedisTrouble(error)).toBe(false)
})
