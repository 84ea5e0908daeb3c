export { BareJid, type BareJidResult, bareJid, parseBareJid, splitBareJid } from './bare-jid.ts'
export { Change, decodeChange, encodeChange, MAX_CHANGE_BYTES } from './change.ts'
export { type Contact, EMPTY_ROSTER, type Roster, SUBSCRIPTIONS, type Subscription, sortedGroups } from './contact.ts'
export {
  diffBodies,
  EMPTY_BODY,
  readContactsBody,
  toContactsBody,
  type WrittenContacts,
  writeContacts,
} from './contacts-body.ts'
export { applyDiff, diffRosters, isEmptyDiff, type RosterDiff } from './diff-rosters.ts'
export { Domain, type DomainResult, parseDomain } from './domain.ts'
export { FAILURE_CODES, Failure, FailureCode } from './failure.ts'
export { type ChangedContacts, mergeChanges } from './merge-changes.ts'
export * from './ops/index.ts'
export { parseRoster, type RosterResult } from './parse-roster.ts'
export { isEmptyPlan, type Ownership, planSync, type SyncPlan } from './plan-sync.ts'
export { printable } from './printable.ts'
export { Process, ProcessRole } from './process.ts'
export { RefreshProgress } from './refresh-progress.ts'
export {
  MAX_LISTED_FAILURES,
  ModuleSummary,
  type RefreshCounts,
  type RefreshOutcome,
  RefreshSummary,
  Refusal,
  refusal,
  type SummaryAnswer,
  summarise,
  summariseOne,
  UserSummary,
} from './summary.ts'
export { TARGET_FAILURE_CODES, TargetFailureCode } from './target-failure.ts'
export { parseUrlTemplate, type UrlTemplate, UrlTemplateError } from './url-template.ts'
export { type KnownDomains, parseUser, type User, type UserResult, userFromJid, userOf } from './user.ts'
export { parseUsername, Username, type UsernameResult } from './username.ts'
export { type StoredRoster, toV1Contact, toV1Roster, V1Contact, V1Roster } from './v1-roster.ts'
export { type RosterChanged, toWebhookPayload, WebhookPayload } from './webhook-payload.ts'
export { isXmlText } from './xml-text.ts'
