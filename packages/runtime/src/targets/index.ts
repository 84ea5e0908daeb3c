export { type DeliveryOfUser, deliveryOfUser } from './delivery-of-user.ts'
export { newestChange } from './newest-change.ts'
export {
  Attempt,
  type Delivery,
  type Followed,
  type Position,
  SyncRequest,
  type TargetLog,
  targetLog,
  type Walk,
} from './target-log.ts'
export { TargetState } from './target-state.ts'
