/** What a fault excuses while it lasts, and until all goes well again. What is not named here must go on as ever. */
export interface Excuses {
  /** Refreshes, and reads of rosters not stored yet, may be refused with 503. */
  refused?(api: number): boolean
  /** So may reads of rosters that are stored. */
  unread?(api: number): boolean
  /** Connections to that api may break, and its answers be late. */
  broken?(api: number): boolean
  /** Fetches of that user may fail. */
  failed?(user: number): boolean
}

export interface Trouble {
  readonly fault: string
  readonly excuses: Excuses
  readonly from: number
  to: number
  /** Answers given while it lasted. */
  answers: number
}

export type Troubles = ReturnType<typeof troubles>

/** The faults so far. All times are of one clock, in milliseconds. */
export function troubles() {
  const all: Trouble[] = []
  const during = (from: number, to: number) => all.filter((trouble) => trouble.from <= to && trouble.to >= from)
  return {
    all,
    begin(fault: string, excuses: Excuses, at: number): Trouble {
      const trouble = { fault, excuses, from: at, to: Number.POSITIVE_INFINITY, answers: 0 }
      all.push(trouble)
      return trouble
    },
    /** An answer was given to what was asked at `from`. */
    answered(from: number, to: number): void {
      for (const trouble of during(from, to)) trouble.answers++
    },
    excuse: (from: number, to: number, isExcused: (excuses: Excuses) => boolean | undefined): boolean =>
      during(from, to).some(({ excuses }) => isExcused(excuses) === true),
  }
}
