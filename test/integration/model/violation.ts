/**
 * - `G1`  told or counted as updated, but no fetch that read after the request is stored
 * - `G1f` the same, some time after it was right
 * - `G2v` the stored roster goes back; `G2f` a fetch that began earlier replaces one that began later
 * - `G4`  the stored roster is not the one that was last committed
 * - `G5`  counts that do not add up, somebody answered twice or never
 * - `G6`  the change log, applied in order, does not give the stored roster; versions that do not grow by one
 * - `E1`  told error although its own fetch is stored; `E2` settled as failed by a worker that lost the job
 * - `E3`  told error although no fetch for it failed; `E4` told that Redis lost its data although it did not
 * - `S`   given up although no fetch of the user died
 * - `M`   a replica that waits is not told; `T` it is told something untrue
 * - `L`   quiet, but a user is still open
 * - `R`   a user's last fetch failed and nobody will repair it, or it did not and somebody will; or it is never repaired
 * - `F`   a user whose last fetch failed is not in the group of that failure alone, or another one is in a group
 * - `C`   quiet and the last fetch went well, but the stored roster is older than the last request
 * - `I`   `fetched` is not the generation of the stored roster
 */
export const VIOLATION_KINDS = [
  'G1',
  'G1f',
  'G2v',
  'G2f',
  'G4',
  'G5',
  'G6',
  'E1',
  'E2',
  'E3',
  'E4',
  'S',
  'M',
  'T',
  'L',
  'R',
  'F',
  'C',
  'I',
] as const
export type ViolationKind = (typeof VIOLATION_KINDS)[number]

/** What went wrong, and the steps that led to it. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly kind: ViolationKind
  constructor(kind: ViolationKind, what: string, steps: readonly string[]) {
    super(`${kind}: ${what}\n${steps.map((step, i) => `  ${i + 1}. ${step}`).join('\n')}`)
    this.kind = kind
  }
}
