import { type Context, createContextKey } from '@opentelemetry/api'

/**
 * Users of one refresh whose jobs are traced: each has four spans, and 100,000 of them would be a flood for a collector
 * and for whoever looks. All users of a small refresh are among them.
 */
const MOST_TRACED_USERS = 100

const ROOM = createContextKey('users that may be traced')

interface Room {
  left: number
}

export const withRoomForUsers = (context: Context): Context =>
  context.setValue(ROOM, { left: MOST_TRACED_USERS } satisfies Room)

/** Whether so many more users are traced, which are counted then. */
export function mayTrace(context: Context, users: number): boolean {
  const room = context.getValue(ROOM) as Room | undefined
  if (room === undefined || room.left < users) return false
  room.left -= users
  return true
}
