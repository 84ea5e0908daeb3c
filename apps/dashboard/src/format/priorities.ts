/** Of jobs; packages/runtime gives them. The lower, the sooner. */
const NAMES: Readonly<Record<number, string>> = {
  0: 'promoted',
  1: 'login',
  10: 'small refresh',
  100: 'bulk',
  1000: 'repair',
}

export const priorityOf = (priority: number): string => NAMES[priority] ?? `priority ${priority}`
