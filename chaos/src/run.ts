import { repositoryRoot } from '@rollcall/tools'
import { brokenBuild } from './break/broken-build.ts'
import { type CampaignOptions, campaign } from './campaign.ts'
import type { RunOptions } from './options.ts'
import type { Result } from './result.ts'
import type { Settings } from './scene.ts'

/** The defaults of Rollcall. */
const USUAL: Settings = {
  refreshDeadlineMs: 25_000,
  readDeadlineMs: 5000,
  jobLockMs: 5000,
  stallCheckMs: 1000,
  sweepIntervalMs: 2500,
  sweepGraceMs: 5000,
  backendTimeoutMs: 10_000,
}

const QUICK: Settings = {
  refreshDeadlineMs: 8000,
  readDeadlineMs: 3000,
  jobLockMs: 1500,
  stallCheckMs: 400,
  sweepIntervalMs: 500,
  sweepGraceMs: 1000,
  backendTimeoutMs: 6000, // longer than a worker is stopped, or it would give up what it fetched before
}

/** The campaign that the command line asks for. */
export async function run(
  { quick, minutes, break: broken, settings, ...options }: Omit<RunOptions, 'kind'> & { settings?: Partial<Settings> },
  more: Pick<CampaignOptions, 'progress' | 'ended'>,
): Promise<Result> {
  return campaign({
    ...options,
    ...more,
    seconds: minutes * 60,
    settings: { ...(quick ? QUICK : USUAL), ...settings },
    newUsers: quick ? 4000 : 40_000,
    giveUpMs: quick ? 15_000 : 120_000,
    pace: quick ? 0.25 : 1,
    root: broken === undefined ? repositoryRoot : await brokenBuild(broken),
  })
}
