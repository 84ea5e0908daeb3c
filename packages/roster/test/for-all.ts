import * as fc from 'fast-check'

/** Asserts that a synchronous property holds: fails with the smallest counterexample found. */
export function forAll<Values extends [unknown, ...unknown[]]>(
  arbitraries: { [I in keyof Values]: fc.Arbitrary<Values[I]> },
  property: (...values: Values) => void,
  parameters: { readonly numRuns?: number } = {},
): void {
  const tuple = fc.tuple<Values>(...arbitraries)
  return fc.assert(
    fc.property(tuple, (values) => property(...values)),
    parameters,
  )
}
