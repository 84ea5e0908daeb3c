import type { Tracing } from '@rollcall/runtime'
import type { RefreshDeps } from './refresh-roster.ts'

type Store = RefreshDeps['store']

/** A span of each write that ends a fetch, with what Redis says of it. */
export function tracedWrites<S extends Store>(store: S, tracing: Tracing): S {
  const traced =
    <Args extends unknown[], Result>(name: string, write: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      tracing.span(name, { kind: 'internal' }, async (span) => {
        const written = await write(...args)
        if (typeof written === 'string') span.note({ 'rollcall.written': written })
        return written
      })
  return {
    ...store,
    commit: traced('commit', store.commit),
    confirm: traced('confirm', store.confirm),
    drop: traced('drop', store.drop),
    fail: traced('fail', store.fail),
    release: traced('release', store.release),
  }
}
