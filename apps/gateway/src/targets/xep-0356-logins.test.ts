import { expect, test } from 'vitest'
import { startProsody } from '../../../../test/support/prosody.ts'
import { aaron, connected, jid, john } from '../../../../test/support/xep-0356-target.ts'

test('whoever comes online is told of once, however many clients he has and whatever they do', async () => {
  const prosody = await startProsody()
  await prosody.addUsers('john', 'aaron', 'bert')
  await prosody.client('aaron', 'before')
  const logins: string[] = []
  const target = await connected(prosody, {}, { onLogin: ({ jid }) => logins.push(jid) })
  await expect.poll(() => logins).toEqual([aaron.jid])

  const phone = await prosody.client('john', 'phone')
  const laptop = await prosody.client('john', 'laptop')
  await phone.show('away')
  phone.vanish()
  await laptop.show('dnd')
  await prosody.client('bert')
  await expect.poll(() => logins).toEqual([aaron.jid, john.jid, jid('bert')])

  await laptop.leave()
  await prosody.client('john', 'tablet')
  await expect.poll(() => logins).toEqual([aaron.jid, john.jid, jid('bert'), john.jid])
  await target.close()
})
