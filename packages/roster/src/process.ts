import { z } from 'zod'

export const ProcessRole = z.enum(['api', 'worker', 'gateway'])
export type ProcessRole = z.infer<typeof ProcessRole>

/** One process of Rollcall. */
export const Process = z.object({
  id: z.string(),
  role: ProcessRole,
  host: z.string(),
  pid: z.int(),
  version: z.string(),
  /** By the clock of its host. */
  startedAt: z.iso.datetime(),
})
