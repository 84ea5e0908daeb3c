// The plain design, worker: axios as it comes, and SET.
import axios from 'axios'
import { Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { variable } from '../listen.ts'

const backend = variable('PLAIN_BACKEND')
const redis = new Redis(variable('PLAIN_ROSTERS_URL'))

const worker = new Worker<{ username: string }>(
  'rosters',
  async ({ data: { username } }) => {
    const response = await axios.get(`${backend}/contacts/${encodeURIComponent(username)}`)
    await redis.set(`roster:${username}`, JSON.stringify(response.data))
  },
  { connection: { url: variable('PLAIN_QUEUE_URL') }, concurrency: Number(variable('PLAIN_CONCURRENCY')) },
)
worker.on('failed', (_job, error) => console.error(error.message))
await worker.waitUntilReady()
console.log('taking jobs')
