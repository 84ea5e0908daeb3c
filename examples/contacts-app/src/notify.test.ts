import { expect, it } from 'vitest'
import { rollcallNotifier } from './notify.ts'
import { standInRollcall, summary } from './testing/stand-in-rollcall.ts'

const retryDelaysMs = [1, 1]

it('posts the usernames as Rollcall wants them, with the token, and passes the summary on', async () => {
  const rollcall = await standInRollcall(() => ({ status: 200, body: { ...summary(2), changed: 1 } }))
  const notice = await rollcallNotifier({ url: rollcall.url, token: 'rc_secret' })(['john', 'aaron'])
  expect(notice).toMatchObject({ told: true, status: 200, summary: { ...summary(2), changed: 1 }, attempts: 1 })
  expect(rollcall.heard).toEqual([
    {
      method: 'POST',
      path: '/roster_admin/refresh',
      authorization: 'Bearer rc_secret',
      contentType: 'application/json',
      body: ['john', 'aaron'],
    },
  ])
})

it('sends no credentials without a token', async () => {
  const rollcall = await standInRollcall(() => ({ status: 200, body: summary(1) }))
  await rollcallNotifier({ url: rollcall.url })(['john'])
  expect(rollcall.heard[0]?.authorization).toBeUndefined()
})

it('counts 202 as told: Rollcall has taken it and goes on', async () => {
  const rollcall = await standInRollcall(() => ({ status: 202, body: { ...summary(1), pending: 1 } }))
  expect(await rollcallNotifier({ url: rollcall.url })(['john', 'mary'])).toMatchObject({ told: true, status: 202 })
})

it('tries again when Rollcall hangs up or has no Redis, until it is heard', async () => {
  const rollcall = await standInRollcall((_heard, nth) => {
    if (nth === 1) return 'hang-up'
    return nth === 2 ? { status: 503, body: summary(0) } : { status: 200, body: summary(1) }
  })
  const notice = await rollcallNotifier({ url: rollcall.url, retryDelaysMs })(['john'])
  expect(notice).toMatchObject({ told: true, attempts: 3 })
})

it('gives up after the last retry and says why', async () => {
  const rollcall = await standInRollcall(() => ({ status: 200, body: summary(1) }))
  await rollcall.close()
  expect(await rollcallNotifier({ url: rollcall.url, retryDelaysMs })(['john'])).toEqual({
    told: false,
    message: `Rollcall at ${rollcall.url} cannot be reached (ECONNREFUSED)`,
    attempts: 3,
    ms: expect.any(Number),
  })
})

it.each([
  [
    'a refresh in which all failed',
    500,
    { ...summary(0, 1), message: 'all failed' },
    'Rollcall answered 500: all failed',
  ],
  ['a wrong token', 401, { ...summary(0), message: 'token missing' }, 'Rollcall answered 401: token missing'],
  ['a page of somebody else', 200, '<html>', 'Rollcall answered 200 without a summary'],
  ['JSON of another shape', 200, { status: 'ok' }, 'Rollcall answered 200 without a summary'],
  ['null', 200, null, 'Rollcall answered 200 without a summary'],
  ['a redirect', 302, '', 'Rollcall answered 302 without a summary'],
])('does not repeat after %s', async (_what, status, body, message) => {
  const rollcall = await standInRollcall(() => ({ status, body, headers: { Location: '/elsewhere' } }))
  const notice = await rollcallNotifier({ url: rollcall.url, retryDelaysMs })(['john'])
  expect(notice).toMatchObject({ told: false, status, message, attempts: 1 })
  expect(rollcall.heard).toHaveLength(1)
})

it('stops waiting at the deadline, without a retry', async () => {
  const rollcall = await standInRollcall(() => new Promise(() => {}))
  const notice = await rollcallNotifier({ url: rollcall.url, timeoutMs: 50, retryDelaysMs })(['john'])
  expect(notice).toMatchObject({
    told: false,
    message: `Rollcall at ${rollcall.url} did not answer in time`,
    attempts: 1,
  })
})
