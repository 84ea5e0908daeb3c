import { expect, test } from 'vitest'
import { rollcallOfFile } from '../support/rollcall.ts'

const { rollcall } = await rollcallOfFile({
  env: { RECHECK_INTERVAL_MS: '600000' }, // no second look within the time of a test: what settles is what was told
})

test('a refresh is answered when every roster is stored', async () => {
  const { status, body } = await rollcall.refresh(['john', 'aaron'])
  expect({ status, updated: body.updated, errors: body.errors }).toEqual({ status: 200, updated: 2, errors: 0 })
  const read = await fetch(`${rollcall.api.url}/contacts/john`)
  expect(read.status).toBe(200)
})
