// The least that can answer GET /contacts/<username> from Redis: no names checked, nobody asked who they are.
import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { listen, variable } from './listen.ts'

const redis = new Redis(variable('BARE_REDIS_URL'), {
  enableAutoPipelining: variable('BARE_AUTO_PIPELINING') === 'yes',
})

await listen(
  createServer((request, response) => {
    const username = (request.url ?? '').slice('/contacts/'.length)
    void redis.hmgetBuffer(`bare:${username}`, 'body', 'etag').then(([body, etag]) => {
      if (!body || !etag) return response.writeHead(404).end()
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': body.length,
        etag: etag.toString('latin1'),
      })
      return response.end(body)
    })
  }),
)
