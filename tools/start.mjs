import { prepare, whenOrphaned } from './bootstrap.mjs'

const HELP = `npm start: Rollcall with all it needs, on this machine

  Redis, the example contacts application, the api and two workers; a few rosters are refreshed, and you are told what
  to try next. Ctrl-C ends everything. Redis keeps its data in .data/redis, and with the example in .data/example-redis:
  the rosters of its users never mix with those of yours.

  npm start -- --with prosody       also a Prosody, with accounts for the users of the example, a gateway that writes their
                                    rosters there, and the clients of john and aaron, who say what they are told
  npm start -- --again              start again the parts that have ended, in an npm start that still runs
  npm start -- --data <directory>   keep data and logs there instead of in .data

Variables (also read from .env)
  HTTP_ROSTER_URL   your own backend, such as http://127.0.0.1:3000/contacts/%s: the example is not started then
  REDIS_URL         your own Redis, 6.2 or newer, with the policy noeviction: none is started then
  HOST, PORT        of the api (127.0.0.1, 8080); another HOST than loopback needs TOKENS
  TOKENS            who may use the api, as npm run token prints it
  ROLLCALL_TOKEN    with TOKENS: the token that the example shows, with the rights notify and read
  TARGETS           who is told of changes: a gateway is started then; docs/targets.md
  GATEWAY_PORT      of the gateway, its health and metrics (8082)
  EXAMPLE_PORT      of the example (8090), which has no login and so listens on 127.0.0.1 whatever HOST says
Others go to the api, the workers and the gateway as they are; see .env.example.
`

if (process.argv.slice(2).some((arg) => arg === '--help' || arg === '-h')) {
  process.stdout.write(HELP)
} else {
  await prepare()
  whenOrphaned(() => process.kill(process.pid, 'SIGTERM'))
  await import('./dist/start.js')
}
