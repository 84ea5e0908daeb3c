import { repositoryRoot } from '@rollcall/tools'
import { brokenBuild } from './break/broken-build.ts'
import { type CampaignOptions, campaign } from './campaign.ts'
import type { RunOptions } from './options.ts'
import type { Result } from './result.ts'
import type { Settings } from './scene.ts'

/** The defaults of Rollcall, but for a backend that is given up sooner: the hanging ones would take most of the time. */
const USUAL: Settings = {
  refreshDeadlineMs: 25_000,
  readDeadlineMs: 5000,
  jobLockMs: 5000,
  stallCheckMs: 1000,
  sweepIntervalMs: 5000,
  sweepGraceMs: 10_000,
  backendTimeoutMs: 2000,
}

const QUICK: Settings = {
  refreshDeadlineMs: 8000,
  readDeadlineMs: 3000,
  jobLockMs: 1500,
  stallCheckMs: 400,
  sweepIntervalMs: 500,
  sweepGraceMs: 1000,
  backendTimeoutMs: 1000,
}

/** The campaign that the command line asks for. */
export function run(
  { quick, minutes, break: broken, ...options }: Omit<RunOptions, 'kind'>,
  more: Pick<CampaignOptions, 'progress' | 'patience' | 'ended'>,
): Promise<Result> {
  return campaign({
    ...options,
    ...more,
    seconds: minutes * 60,
    settings: quick ? QUICK : USUAL,
    pace: quick ? 0.25 : 1,
    root: broken === undefined ? repositoryRoot : brokenBuild(broken),
  })
}
