// The plain design, api: one job per username, and waitUntilFinished for each of them.
import { createServer } from 'node:http'
import { Queue, QueueEvents } from 'bullmq'
import { listen, readJson, variable } from '../listen.ts'

const connection = { url: variable('PLAIN_QUEUE_URL') }
const queue = new Queue('rosters', {
  connection,
  defaultJobOptions: {
    attempts: 3,
    backoff: { type: 'exponential', delay: 500 },
    removeOnComplete: { count: 10_000 }, // as many as one refresh has: a job must still be there when it is waited for
    removeOnFail: { count: 1_000 },
  },
})
const events = new QueueEvents('rosters', { connection })
queue.setMaxListeners(0)
events.setMaxListeners(0)
await events.waitUntilReady()

async function refresh(usernames: readonly string[]) {
  const jobs = await queue.addBulk(usernames.map((username) => ({ name: 'refresh', data: { username } })))
  const results = await Promise.allSettled(jobs.map((job) => job.waitUntilFinished(events)))
  const errors = results.filter((result) => result.status === 'rejected').length
  return { status: errors === 0 ? 'ok' : 'error', updated: results.length - errors, errors }
}

await listen(
  createServer((request, response) => {
    readJson<string[]>(request)
      .then(refresh)
      .then(
        (summary) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(summary)),
        (error: unknown) => response.writeHead(500).end(String(error)),
      )
  }),
)
