import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBackend, type TestBackend } from '../support/backend.ts'
import { type Rollcall, startRollcall } from '../support/rollcall.ts'

let backend: TestBackend
let rollcall: Rollcall

beforeAll(async () => {
  backend = await startBackend()
  // No second look within the time of a test: what settles is what was told.
  rollcall = await startRollcall({ rosterUrl: backend.template, env: { RECHECK_INTERVAL_MS: '600000' } })
})

afterAll(async () => {
  await rollcall.stop()
  await backend.close()
})

test('a refresh is answered when every roster is stored', async () => {
  const { status, body } = await rollcall.refresh(['john', 'aaron'])
  expect({ status, updated: body.updated, errors: body.errors }).toEqual({ status: 200, updated: 2, errors: 0 })
  const read = await fetch(`${rollcall.api.url}/contacts/john`)
  expect(read.status).toBe(200)
})
