export { type DeliveryOfUser, deliveryOfUser } from './delivery-of-user.ts'
export { newestChange } from './newest-change.ts'
export type { Position } from './position.ts'
export {
  Attempt,
  type Delivery,
  type Followed,
  SyncRequest,
  type TargetLog,
  targetLog,
} from './target-log.ts'
export { TargetState } from './target-state.ts'
export { numberOfChange, type Walk, type WalkPage } from './target-walks.ts'
