import type { User } from '@rollcall/roster'

/** More than one: any of them may be deleted, or hang, later on. */
const KEPT = 4

/** Users by whose rosters it can be seen whether a backend works. */
export function witnesses() {
  const answered: User[] = []
  let oldest = 0
  let notAnswered: User | undefined
  let turn = 0
  const known = (): User | undefined => answered[turn % answered.length]

  return {
    answered(user: User): void {
      answered[oldest] = user
      oldest = (oldest + 1) % KEPT
    },
    notAnswered(user: User): void {
      notAnswered = user
    },
    /** One who was answered before. */
    known,
    /** Another one each time, and every second time one who was not answered: those who were may be no more. */
    inTurn(): User | undefined {
      turn++
      return turn % 2 === 0 ? (notAnswered ?? known()) : (known() ?? notAnswered)
    },
  }
}
